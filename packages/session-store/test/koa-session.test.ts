import { httpApps } from '@sluice/testkit'
import type { CreateSessionOptions } from 'koa-session'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { koaSessionStore } from '../src/koa-session.ts'
import { heardFailures } from './fixtures.ts'
import { attributesOf, cookiesOf, koaApp, stockSessionOf, ttlsOf } from './stock-sessions.ts'
import { memoryBench, minute } from './stock-bench.ts'
import { koaCases } from './stock-cases.ts'
import { stockSuite } from './stock-suite.ts'

/** The store on memory. */
function setUp(options: { idle?: number } = {}) {
  const b = memoryBench()
  return { ...b, store: koaSessionStore({ cache: b.cache, ...options }) }
}

const koaApps = httpApps.filter(({ framework }) => framework === 'koa')

stockSuite(koaCases, () => {
  const { cache, held } = setUp()
  return { cache, held, ttls: () => ttlsOf(cache.store, '*') }
})

describe.each(koaApps)('behind koa-session on $name', (factory) => {
  const setUpApp = (options: CreateSessionOptions = {}, storeOptions: { idle?: number } = {}) => {
    const b = setUp(storeOptions)
    const unawaited: Promise<void>[] = []
    const app = koaApp(
      factory,
      b.store,
      {
        'GET /': attributesOf,
        'POST /sign-in': (context) => {
          stockSessionOf(context)['user'] = 'ada'
          return 'signed in'
        },
        'POST /save': (context) => {
          const session: unknown = Object.assign(stockSessionOf(context), { first: 1 })
          unawaited.push((session as { save(): Promise<void> }).save())
          Object.assign(stockSessionOf(context), { second: 2 })
          return 'saved'
        },
        'POST /save-and-sign-out': (context) => {
          const session: unknown = Object.assign(stockSessionOf(context), { first: 1 })
          unawaited.push((session as { save(): Promise<void> }).save())
          Reflect.set(context.request, 'session', null)
          return 'signed out'
        },
        'POST /replace': (context) => {
          Reflect.set(context.request, 'session', { only: 'this' })
          return 'replaced'
        },
      },
      options,
    )
    const send = (method: 'get' | 'post', path: string, cookie: string) =>
      request(app.listener)[method](path).set('cookie', cookie)
    const read = async (cookie: string) => (await send('get', '/', cookie).expect(200)).body
    const signIn = async () => cookiesOf(await request(app.listener).post('/sign-in').expect(200))
    return { ...b, app, read, send, signIn, unawaited }
  }

  it('a save that is not awaited and the one at the end are both kept', async () => {
    const { read, send, signIn, unawaited } = setUpApp()
    const cookie = await signIn()
    await send('post', '/save', cookie).expect(200)
    await Promise.all(unawaited)
    expect(await read(cookie)).toMatchObject({ user: 'ada', first: 1, second: 2 })
  })

  it('a save that is not awaited brings no session back', async () => {
    const { keys, send, signIn, unawaited } = setUpApp()
    await send('post', '/save-and-sign-out', await signIn()).expect(200)
    await send('post', '/save-and-sign-out', '').expect(200)
    await Promise.all(unawaited)
    expect(keys()).toBe(0)
  })

  it('a save that is not awaited and comes after another request signed out is dropped', async () => {
    const { held, keys, send, signIn, unawaited } = setUpApp()
    using heard = heardFailures()
    const cookie = await signIn()
    const { held: isHeld, letGo } = held.holdNext('commit')
    const slow = send('post', '/save', cookie).then(({ status }) => status)
    await isHeld
    await send('post', '/save-and-sign-out', cookie).expect(200)
    letGo()
    expect(await slow).toBe(200)
    await Promise.all(unawaited)
    expect(keys()).toBe(0)
    expect(heard.failures).toMatchObject([{ instead: 'dropped' }, { instead: 'dropped' }])
  })

  it('a session that is replaced keeps nothing of the one before', async () => {
    const { read, send, signIn } = setUpApp()
    const cookie = await signIn()
    await send('post', '/replace', cookie).expect(200)
    expect(await read(cookie)).toMatchObject({ only: 'this' })
    expect(await read(cookie)).not.toHaveProperty('user')
  })

  it('"rolling" moves the end with every request, and without it a session ends by its cookie', async () => {
    const rolling = setUpApp({ rolling: true })
    const cookie = await rolling.signIn()
    for (let i = 0; i < 3; i++) {
      rolling.clock.advance(50_000)
      expect(await rolling.read(cookie)).toMatchObject({ user: 'ada' })
    }
    rolling.clock.advance(71_000)
    expect(await rolling.read(cookie)).toEqual({})

    const fixed = setUpApp()
    const other = await fixed.signIn()
    fixed.clock.advance(50_000)
    expect(await fixed.read(other)).toMatchObject({ user: 'ada' })
    fixed.clock.advance(21_000)
    expect(await fixed.read(other)).toEqual({})
  })

  it('where the cookie ends with the browser, "idle" says how long', async () => {
    const { clock, keys, read, signIn } = setUpApp({ maxAge: 'session' }, { idle: 10_000 })
    const cookie = await signIn()
    clock.advance(9_000)
    expect(await read(cookie)).toMatchObject({ user: 'ada' })
    clock.advance(1_000)
    expect(await read(cookie)).toEqual({})
    expect(keys()).toBe(0)
  })

  it('a store that is away is answered with 503, and counted on again when it is back', async () => {
    const { app, faults, read, send, signIn } = setUpApp()
    const cookie = await signIn()
    faults.fail({ times: Infinity })
    await send('get', '/', cookie).expect(503)
    expect(app.errors).toMatchObject([{ code: 'SLUICE_STORE_UNAVAILABLE' }])
    faults.heal()
    expect(await read(cookie)).toMatchObject({ user: 'ada' })
  })
})

describe('the store', () => {
  it('writes and ends sessions without a request, whole', async () => {
    const { clock, keys, store } = setUp()
    await store.set('x', { user: 'ada', a: 1 }, 1500)
    await store.set('x', { user: 'bob' }, 1500)
    clock.advance(1499)
    expect(await store.get('x')).toEqual({ user: 'bob' })
    await store.set('y', { user: 'eve' }, 1500)
    await store.destroy('x')
    expect(await store.get('x')).toBe(undefined)
    clock.advance(1500)
    expect(await store.get('y')).toBe(undefined)
    expect(keys()).toBe(0)
  })

  it('a computed ttl of nothing keeps what is left, and begins nothing', async () => {
    const { cache, clock, keys, store } = setUp()
    const ctx = {}
    await store.set('new', { a: 1 }, 0, { ctx })
    expect(keys()).toBe(0)
    await store.set('x', { a: 1 }, minute)
    clock.advance(10_000)
    await store.get('x', minute, { ctx })
    await store.set('x', { a: 2 }, -5000, { ctx })
    expect(await store.get('x')).toEqual({ a: 2 })
    const [ttl] = (await ttlsOf(cache.store, '*')).values()
    expect(ttl).toBe(50_000)
  })

  it('a request that began a session cannot bring it back either', async () => {
    const { keys, store } = setUp()
    const ctx = {}
    await store.set('x', { a: 1 }, minute, { ctx })
    await store.destroy('x', { ctx })
    await store.set('x', { a: 2 }, minute, { ctx })
    expect(keys()).toBe(0)
  })

  it('an odd life is a default one, and a part of a millisecond a whole one', async () => {
    const { cache, store } = setUp({ idle: 7000 })
    await store.set('x', {}, Number.NaN)
    await store.set('y', { a: 1 }, 0.5)
    await store.set('z', { a: 1 })
    const ttls = [...(await ttlsOf(cache.store, '*')).values()]
    expect(new Set(ttls)).toEqual(new Set([1, 7000]))
  })

  it('sessions of two prefixes are apart', async () => {
    const { cache, store } = setUp()
    const other = koaSessionStore({ cache, prefix: 'admin' })
    await store.set('x', { user: 'ada' }, minute)
    expect(await other.get('x')).toBe(undefined)
  })

  it('no stored name reaches a prototype', async () => {
    const { store } = setUp()
    await store.set('x', JSON.parse('{ "__proto__": { "admin": true }, "a": 1 }'), minute)
    expect(await store.get('x')).toEqual({ a: 1 })
    expect(Reflect.get((await store.get('x')) ?? {}, 'admin')).toBe(undefined)
  })

  it('refuses options that cannot be meant', () => {
    // @ts-expect-error: no such option
    expect(() => koaSessionStore({ maxAge: 1 })).toThrow('koaSessionStore() has no option "maxAge"')
  })
})
