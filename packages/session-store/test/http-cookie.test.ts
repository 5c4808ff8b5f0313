import { httpApps, type RouteHandler } from '@sluice/testkit'
import type { CookieOptions } from '@sluice/session-store'
import request from 'supertest'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  appWithSession,
  benchPerTest,
  cookieOf,
  otherSecret,
  routes,
  secret,
  sessionApps,
  sessionOf,
  setCookies,
} from './fixtures.ts'

const b = benchPerTest()
const show: RouteHandler = (context) => ({ ...sessionOf(context) })
afterEach(() => void vi.restoreAllMocks())

describe.each(httpApps)('the cookie on $name', (factory) => {
  const { app, options, signedIn } = sessionApps(factory, b)
  const over = (cookie: CookieOptions, protocol: 'http' | 'https') => {
    const all = { ...routes, 'GET /vary': vary }
    const set = { ...options(), cookie }
    const { listener } = appWithSession(factory, set, all, { trustProxy: true })
    return request.agent(listener).set('x-forwarded-proto', protocol)
  }
  const vary: RouteHandler = (context) => {
    context.set('Vary', context.query.get('vary') ?? '')
    return 'varied'
  }
  const given = async (cookie: CookieOptions, protocol: 'http' | 'https' = 'https') => {
    const [line = ''] = setCookies(await over(cookie, protocol).post('/set').send({ a: 1 }))
    const [pair = '', ...attributes] = line
      .split('; ')
      .filter((part) => !part.startsWith('Max-Age'))
    return [pair.split('=')[0], ...attributes].join('; ')
  }

  it('is sent as it was asked for', async () => {
    const host = '__Host-id; Path=/; HttpOnly; Secure'
    expect(await given({ sameSite: 'strict' })).toBe(`${host}; SameSite=Strict`)
    expect(await given({ sameSite: 'none' })).toBe(`${host}; SameSite=None`)
    expect(await given({ sameSite: 'none', partitioned: true })).toBe(
      `${host}; Partitioned; SameSite=None`,
    )
    expect(await given({ priority: 'high' })).toBe(`${host}; Priority=High; SameSite=Lax`)
  })

  it('is __Host- only where browsers allow it, and __Secure- with a domain or a path', async () => {
    expect(await given({ domain: 'example.com' })).toBe(
      '__Secure-id; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax',
    )
    expect(await given({ path: '/set', name: 'shop' })).toBe(
      '__Secure-shop; Path=/set; HttpOnly; Secure; SameSite=Lax',
    )
    const plain = await given({ domain: 'example.com' }, 'http')
    expect(plain).toBe('id; Domain=example.com; Path=/; HttpOnly; SameSite=Lax')
  })

  it('over plain HTTP leaves out what browsers would drop it for', async () => {
    const plain = await given({ sameSite: 'none', partitioned: true }, 'http')
    expect(plain).toBe('id; Path=/; HttpOnly; SameSite=Lax')
  })

  it('is cleared on sign-out with the attributes that it was set with', async () => {
    const client = over(
      { domain: 'example.com', sameSite: 'none', partitioned: true, priority: 'low' },
      'https',
    )
    const set = await client.post('/sign-in?user=ada')
    const cleared = await client.post('/sign-out').set('cookie', cookieOf(set) ?? '')
    const rest = (lines: string[]) => lines.map((line) => line.split('; ').slice(2))
    expect(rest(setCookies(cleared))).toEqual(rest(setCookies(set)))
    expect(setCookies(cleared)[0]).toMatch(/^__Secure-id=; Max-Age=0; Domain=example\.com;/)
  })

  it('counts on its path and below: elsewhere there is no stored session, for no command', async () => {
    const listener = app(
      Object.fromEntries(
        ['/foo', '/foo/bar', '/foobar', '/FOO'].map((path) => [`GET ${path}`, show]),
      ),
      { cookie: { path: '/foo' } },
    )
    const cookie = cookieOf(await request(listener).post('/set').send({ a: 1 })) ?? ''
    for (const path of ['/foo', '/foo/bar', '/foo?x=1']) {
      await request(listener).get(path).set('cookie', cookie).expect(200, { a: 1 })
    }
    b.watched.ran.length = 0
    for (const path of ['/', '/foobar', '/FOO']) {
      const response = await request(listener).get(path).set('cookie', cookie).expect(200, {})
      expect(response.headers['vary']).toBeUndefined()
    }
    expect(b.watched.ran).toEqual([])
  })

  it('signed by an older secret is signed anew on the way, once, for no more commands', async () => {
    const old = cookieOf(
      await request(app({}, { secret: otherSecret }))
        .post('/set')
        .send({ a: 1 }),
    )
    const listener = app({}, { secret: [secret, otherSecret] })
    b.clock.advance('1m')
    b.watched.ran.length = 0
    const response = await request(listener)
      .get('/')
      .set('cookie', old ?? '')
      .expect(200, { a: 1 })
    expect(b.watched.ran).toEqual(['load'])
    const anew = cookieOf(response) ?? ''
    expect(anew.slice(0, -43)).toBe(old?.slice(0, -43))
    expect(setCookies(response)[0]).toContain(`; Max-Age=${30 * 24 * 3600 - 60};`)
    const next = await request(app()).get('/').set('cookie', anew).expect(200, { a: 1 })
    expect(setCookies(next)).toEqual([])
    for (const both of [`${old}; ${anew}`, `${anew}; ${old}`]) {
      const answered = await request(listener).get('/').set('cookie', both).expect(200, { a: 1 })
      expect(setCookies(answered)).toEqual([])
    }
  })

  it('from before a rotation is not signed anew: the new one would be lost', async () => {
    const listener = app({}, { secret: [secret, otherSecret] })
    const old = await signedIn(app({}, { secret: otherSecret }))
    b.clock.advance('1m')
    await request(listener).post('/rotate').set('cookie', old)
    b.clock.advance('1s')
    const late = await request(listener).get('/who').set('cookie', old)
    expect([late.body.userId, setCookies(late)]).toEqual(['ada', []])
  })

  it('that browsers will drop, for a proxy nobody told of, is warned of once', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const listener = app({}, { cookie: { secure: true } })
    await request(listener).get('/who')
    expect(warn).not.toHaveBeenCalled()
    await request(listener).post('/set').send({ a: 1 })
    await request(listener).post('/set').send({ a: 1 })
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/trust proxy.*app\.proxy/), {
      code: 'SLUICE_WARN_SECURE_COOKIE',
    })
    await over({ secure: true }, 'https').post('/set').send({ a: 1 })
    expect(warn).toHaveBeenCalledOnce()
  })

  it('that was looked at is told to caches, beside what the handler says', async () => {
    const client = over({}, 'http')
    const varied = async (value: string) =>
      (await client.get(`/vary?vary=${encodeURIComponent(value)}`)).headers['vary']
    expect((await client.get('/who')).headers['vary']).toBe('Cookie')
    expect(await varied('Accept-Encoding')).toBe('Accept-Encoding, Cookie')
    expect(await varied('Accept, cookie')).toBe('Accept, cookie')
    expect(await varied('*')).toBe('*')
    expect(await varied('X-Cookie')).toBe('X-Cookie, Cookie')
  })

  it('in a response that was given another one keeps both', async () => {
    const listener = app({
      'POST /two': (context) => {
        context.raw.res.appendHeader('Set-Cookie', 'mine=1')
        sessionOf(context).a = 1
        return 'both'
      },
    })
    const lines = setCookies(await request(listener).post('/two'))
    expect(lines.map((line) => line.split('=')[0])).toEqual(['mine', 'id'])
  })
})
