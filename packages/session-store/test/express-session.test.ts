import { httpApps } from '@sluice/testkit'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { expressSessionStore } from '../src/express-session.ts'
import { compatCommit } from '../src/operations/compat-commit.ts'
import { memoryBench, minute, session, type Data } from './stock-bench.ts'
import {
  called,
  cookiesOf,
  expressApp,
  stockSessionOf,
  ttlsOf,
  type StockOptions,
} from './stock-sessions.ts'
import { expressCases } from './stock-cases.ts'
import { stockSuite } from './stock-suite.ts'

/** The store on memory. */
function setUp(options: { idle?: number } = {}) {
  const b = memoryBench()
  return { ...b, store: expressSessionStore<Data>({ cache: b.cache, ...options }) }
}

const expressApps = httpApps.filter(({ framework }) => framework === 'express')

stockSuite(expressCases, () => {
  const { cache, held } = setUp()
  return { cache, held, ttls: () => ttlsOf(cache.store, '*') }
})

describe.each(expressApps)('behind express-session on $name', (factory) => {
  const setUpApp = (options: Partial<StockOptions> = {}, cacheOptions: { idle?: number } = {}) => {
    const b = setUp(cacheOptions)
    const app = expressApp(
      factory,
      b.store,
      {
        'GET /': (context) => ({ user: stockSessionOf(context)['user'] }),
        'POST /sign-in': (context) => {
          stockSessionOf(context)['user'] = 'ada'
          return 'signed in'
        },
        'POST /reload': async (context) => {
          const { request: framework } = context
          stockSessionOf(context)['user'] = 'not saved'
          await b.store.set(
            String(Reflect.get(framework, 'sessionID')),
            session({ user: 'from elsewhere' }),
          )
          await called((callback) => stockSessionOf(context).reload(callback))
          return String(stockSessionOf(context)['user'])
        },
        'POST /save-late': async (context) => {
          const opened = stockSessionOf(context)
          opened.cookie.expires = new Date(Date.now() - 1)
          opened['a'] = 1
          await called((callback) => opened.save(callback))
          return 'saved'
        },
        'POST /unset': (context) => {
          Reflect.set(context.request, 'session', null)
          return 'unset'
        },
      },
      options,
    )
    const send = (method: 'get' | 'post', path: string, cookie: string) =>
      request(app.listener)[method](path).set('cookie', cookie)
    const userOf = async (cookie: string) =>
      (await send('get', '/', cookie).expect(200)).body.user ?? 'nobody'
    const signIn = async () => cookiesOf(await request(app.listener).post('/sign-in').expect(200))
    return { ...b, app, send, signIn, userOf }
  }

  it('a session that is used lives on, and one that is not ends with its cookie', async () => {
    const { clock, keys, signIn, userOf } = setUpApp()
    const cookie = await signIn()
    for (let i = 0; i < 4; i++) {
      clock.advance(50_000)
      expect(await userOf(cookie)).toBe('ada')
    }
    clock.advance(minute)
    expect(await userOf(cookie)).toBe('nobody')
    expect(keys()).toBe(0)
  })

  it('a cookie’s end counts in milliseconds', async () => {
    const { clock, signIn, userOf } = setUpApp({ cookie: { maxAge: 1500 } })
    const cookie = await signIn()
    clock.advance(1400)
    expect(await userOf(cookie)).toBe('ada')
    clock.advance(1500)
    expect(await userOf(cookie)).toBe('nobody')
  })

  it('where the cookie ends with the browser, "idle" says how long', async () => {
    const { clock, signIn, userOf } = setUpApp({ cookie: {} }, { idle: 10_000 })
    const cookie = await signIn()
    clock.advance(9_000)
    expect(await userOf(cookie)).toBe('ada')
    clock.advance(9_000)
    expect(await userOf(cookie)).toBe('ada')
    clock.advance(10_000)
    expect(await userOf(cookie)).toBe('nobody')
  })

  it('a save that computes no life left destroys nobody’s session', async () => {
    const { send, signIn, userOf } = setUpApp({ rolling: true })
    const cookie = await signIn()
    await send('post', '/save-late', cookie).expect(200, 'saved')
    expect(await userOf(cookie)).toBe('ada')
  })

  it('a reload gives what is stored now', async () => {
    const { send, signIn, userOf } = setUpApp()
    const cookie = await signIn()
    await send('post', '/reload', cookie).expect(200, 'from elsewhere')
    expect(await userOf(cookie)).toBe('from elsewhere')
  })

  it('an unset session is destroyed where express-session is told to', async () => {
    const { keys, send, signIn, userOf } = setUpApp({ unset: 'destroy' })
    const cookie = await signIn()
    await send('post', '/unset', cookie).expect(200)
    expect(await userOf(cookie)).toBe('nobody')
    expect(keys()).toBe(0)
  })

  it('a store that is away is answered with 503, and counted on again when it is back', async () => {
    const { app, faults, send, signIn, userOf } = setUpApp()
    const cookie = await signIn()
    faults.fail({ times: Infinity })
    await send('get', '/', cookie).expect(503)
    expect(app.errors).toMatchObject([{ code: 'SLUICE_STORE_UNAVAILABLE' }])
    faults.heal()
    expect(await userOf(cookie)).toBe('ada')
  })

  it('a session that cannot be read is a new one, and no error', async () => {
    const { cache, send, signIn } = setUpApp()
    const cookie = await signIn()
    const [key = ''] = (await ttlsOf(cache.store, '*')).keys()
    await cache.store.run(compatCommit, { key, ttlMs: 0, texts: new Map([['cookie', '{']]) })
    await send('get', '/', cookie).expect(200, {})
  })
})
