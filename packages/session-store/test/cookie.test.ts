import { httpApps } from '@sluice/testkit'
import { createSessions } from '@sluice/session-store'
import fc from 'fast-check'
import request from 'supertest'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  appWithSession,
  bench,
  cookieOf,
  otherSecret,
  secret,
  sessionOf,
  setCookies,
  type Bench,
} from './fixtures.ts'

let b: Bench
beforeEach(() => {
  b = bench()
})

const routes = {
  'GET /': (context: Parameters<typeof sessionOf>[0]) => ({ ...sessionOf(context) }),
  'POST /': (context: Parameters<typeof sessionOf>[0]) => {
    const set = context.query.get('cache-control')
    if (set !== null) context.set('cache-control', set)
    sessionOf(context).count = 1
    return 'ok'
  },
}
const isEmpty = (body: unknown): void => expect(body).toEqual({})

describe.each(httpApps)('the cookie on $name', (factory) => {
  const create = (more: object = {}, trustProxy = false) =>
    appWithSession(
      factory,
      { cache: b.cache, secret, idle: '10m', absolute: '60m', ...more },
      routes,
      {
        trustProxy,
      },
    ).listener

  it('is HttpOnly, SameSite=Lax, for every path, and lasts as long as the session can', async () => {
    const [line] = setCookies(await request(create()).post('/'))
    expect(line).toMatch(
      /^id=[\w-]{22}\.[\w-]{43}\.[\w-]{43}; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax$/,
    )
  })

  it('is Secure and __Host- over TLS, as the framework sees it behind its proxies', async () => {
    const over = (listener: ReturnType<typeof create>) =>
      request(listener).post('/').set('x-forwarded-proto', 'https')
    const [trusted] = setCookies(await over(create({}, true)))
    expect(trusted).toMatch(/^__Host-id=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    const [untrusted] = setCookies(await over(create()))
    expect(untrusted).toMatch(/^id=/)
    expect(untrusted).not.toMatch(/Secure/)
  })

  it('can be named, and be Secure or not by decision', async () => {
    const [secure] = setCookies(
      await request(create({ cookie: { name: 'shop', secure: true } })).post('/'),
    )
    expect(secure).toMatch(/^__Host-shop=.*; Secure;/)
    const plain = create({ cookie: { secure: false } }, true)
    const [never] = setCookies(await request(plain).post('/').set('x-forwarded-proto', 'https'))
    expect(never).toMatch(/^id=/)
  })

  it('does not move between plain HTTP and TLS', async () => {
    const listener = create({}, true)
    const plain = cookieOf(await request(listener).post('/')) ?? ''
    b.watched.ran.length = 0
    const moved = [plain, `__Host-${plain}`].join('; ')
    const response = await request(listener)
      .get('/')
      .set('x-forwarded-proto', 'https')
      .set('cookie', moved)
    isEmpty(response.body)
    expect(b.watched.ran).toEqual([])
  })

  it('forbids caching of the response that sets it, and leaves a stricter header alone', async () => {
    const listener = create()
    const cacheControl = async (value?: string) => {
      const query = value === undefined ? '' : `?cache-control=${encodeURIComponent(value)}`
      return (await request(listener).post(`/${query}`)).headers['cache-control']
    }
    expect(await cacheControl()).toBe('no-store')
    expect(await cacheControl('public, max-age=60')).toBe('no-store')
    expect(await cacheControl('private, no-store, max-age=0')).toBe('private, no-store, max-age=0')
  })

  it.each([
    ['no value', () => ''],
    ['a word', () => 'hello'],
    ['the token without its signature', (value: string) => value.slice(0, -44)],
    ['one character more', (value: string) => `${value}A`],
    ['one character less', (value: string) => value.slice(0, -1)],
    ['in quotes', (value: string) => `"${value}"`],
    ['percent-encoded', (value: string) => value.replace('.', '%2E')],
    ['the signature of nothing', (value: string) => `${value.slice(0, -43)}${'A'.repeat(43)}`],
    ['as express-session writes it', (value: string) => `s%3A${value}`],
    ['10 kB', (value: string) => value.repeat(90)],
    ['bad escapes', () => '%E0%A4%A'],
  ])('with %s is no session and costs no command', async (_, forge) => {
    const listener = create()
    const [name, value = ''] = (cookieOf(await request(listener).post('/')) ?? '').split('=')
    b.watched.ran.length = 0
    const response = await request(listener)
      .get('/')
      .set('cookie', `${name}=${forge(value)}`)
    isEmpty(response.body)
    expect(setCookies(response)).toEqual([])
    expect(b.watched.ran).toEqual([])
  })

  it('signed by somebody else is no session and costs no command', async () => {
    const cookie = cookieOf(await request(create({ secret: otherSecret })).post('/')) ?? ''
    b.watched.ran.length = 0
    isEmpty((await request(create()).get('/').set('cookie', cookie)).body)
    expect(b.watched.ran).toEqual([])
  })

  it('of one name several times: the one that is a session counts', async () => {
    const listener = create()
    const cookie = cookieOf(await request(listener).post('/')) ?? ''
    const dead = cookieOf(await request(listener).post('/')) ?? ''
    const sessions = createSessions({ cache: b.cache })
    const [deadKey = ''] = (await b.keys('session')).slice(1)
    await sessions.destroy(/\{(.*)\}/.exec(deadKey)?.[1] ?? '')
    b.watched.ran.length = 0
    const all = ['id=planted', dead, cookie, cookie, `other=${'x'.repeat(50)}`].join('; ')
    await request(listener).get('/').set('cookie', all).expect(200, { count: 1 })
    expect(b.watched.ran).toEqual(['load', 'load'])
  })

  it('rightly signed many times over costs four loads and no more', async () => {
    const listener = create()
    const cookies: string[] = []
    for (let at = 0; at < 8; at++) cookies.push(cookieOf(await request(listener).post('/')) ?? '')
    b.clock.advance('60m')
    b.watched.ran.length = 0
    await request(listener).get('/').set('cookie', cookies.join('; ')).expect(200, {})
    expect(b.watched.ran).toEqual(['load', 'load', 'load', 'load'])
  })

  it('of a session that the store does not know is not adopted: a new one gets a new id', async () => {
    const listener = create()
    const cookie = cookieOf(await request(listener).post('/')) ?? ''
    b.clock.advance('10m')
    const next = cookieOf(await request(listener).post('/').set('cookie', cookie)) ?? ''
    expect(next).not.toBe('')
    expect(next.slice(0, 26)).not.toBe(cookie.slice(0, 26))
  })

  it('is signed by the first secret and verified by all', async () => {
    const old = cookieOf(await request(create({ secret: otherSecret })).post('/')) ?? ''
    const both = create({ secret: [secret, otherSecret] })
    await request(both).get('/').set('cookie', old).expect(200, { count: 1 })
    const fresh = cookieOf(await request(both).post('/')) ?? ''
    await request(create()).get('/').set('cookie', fresh).expect(200, { count: 1 })
  })
})

it('any change of a signed cookie is refused and costs no command', async () => {
  const [factory] = httpApps
  if (factory === undefined) throw new Error('no app')
  const app = await appWithSession(factory, { cache: b.cache, secret }, routes).listen()
  const issued = await fetch(app.url, { method: 'POST' })
  const [name, value = ''] =
    String(issued.headers.get('set-cookie')).split(';')[0]?.split('=') ?? []
  b.watched.ran.length = 0
  const alphabet = 'ABCXYZabcxyz0189-_.!%~'.split('')
  const mutation = fc.record({
    at: fc.nat(value.length - 1),
    remove: fc.nat(3),
    insert: fc.array(fc.constantFrom(...alphabet), { maxLength: 3 }).map((all) => all.join('')),
  })
  await fc.assert(
    fc.asyncProperty(mutation, async ({ at, remove, insert }) => {
      const forged = value.slice(0, at) + insert + value.slice(at + remove)
      fc.pre(forged !== value)
      const response = await fetch(app.url, { headers: { cookie: `${name}=${forged}` } })
      expect(await response.json()).toEqual({})
      expect(b.watched.ran).toEqual([])
    }),
    { numRuns: 100 },
  )
  await app.stop()
})
