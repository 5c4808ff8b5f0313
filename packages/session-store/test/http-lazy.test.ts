import { httpApps, type RouteContext, type RouteHandler } from '@sluice/testkit'
import type { Session, SessionOptions } from '@sluice/session-store'
import {
  requireSession as expressRequire,
  session as expressSession,
} from '@sluice/session-store/express'
import { requireSession as koaRequire, session as koaSession } from '@sluice/session-store/koa'
import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import {
  benchPerTest,
  cookieOf,
  sessionApps,
  sessionOf,
  setCookies,
  type TestData,
  withResolvers,
} from './fixtures.ts'

const b = benchPerTest()
const show: RouteHandler = (context) => ({ ...sessionOf(context) })

const load = ({ request: { loadSession } }: RouteContext): Promise<Session<TestData>> =>
  loadSession() as unknown as Promise<Session<TestData>>

const lazyRoutes: Record<string, RouteHandler> = {
  'GET /none': (context) => ({ session: typeof sessionOf(context) }),
  'GET /loaded': async (context) => {
    const [first, second] = await Promise.all([load(context), load(context)])
    const later = await load(context)
    return { ...first, same: first === second && first === later && first === sessionOf(context) }
  },
  'POST /assign': async (context) => {
    const session = await load(context)
    session.b = 2
    return 'assigned'
  },
}

describe.each(httpApps)('$name', (factory) => {
  const { app, options, signedIn } = sessionApps(factory, b)
  const lazy = (more: Record<string, RouteHandler> = {}, others: Partial<SessionOptions> = {}) =>
    app({ ...lazyRoutes, ...more }, { lazy: true, ...others })
  const stored = async () => {
    const cookie = cookieOf(await request(app()).post('/set').send({ a: 1 })) ?? ''
    b.watched.ran.length = 0
    return cookie
  }

  it('with lazy nothing is loaded, and there is no session, before loadSession()', async () => {
    const cookie = await stored()
    const response = await request(lazy()).get('/none').set('cookie', cookie)
    expect(response.body).toEqual({ session: 'undefined' })
    expect(response.headers['vary']).toBeUndefined()
    expect(b.watched.ran).toEqual([])
  })

  it('loadSession() loads once, gives the same session each time, and saves as ever', async () => {
    const cookie = await stored()
    const listener = lazy()
    const response = await request(listener).get('/loaded').set('cookie', cookie)
    expect(response.body).toEqual({ a: 1, same: true })
    expect(response.headers['vary']).toBe('Cookie')
    expect(b.watched.ran).toEqual(['load'])
    await request(listener).post('/assign').set('cookie', cookie).expect(200, 'assigned')
    expect(b.watched.ran).toEqual(['load', 'load', 'commit'])
    await request(app()).get('/').set('cookie', cookie).expect(200, { a: 1, b: 2 })
    const fresh = cookieOf(await request(listener).post('/assign')) ?? ''
    await request(app()).get('/').set('cookie', fresh).expect(200, { b: 2 })
  })

  it('skip says which requests are lazy; without either, loadSession() gives the session', async () => {
    const cookie = await stored()
    const skip = (context: unknown) => String((context as { url: string }).url).startsWith('/none')
    const listener = app(lazyRoutes, { skip })
    const none = await request(listener).get('/none').set('cookie', cookie)
    expect([none.body, b.watched.ran]).toEqual([{ session: 'undefined' }, []])
    const loaded = await request(listener).get('/loaded').set('cookie', cookie)
    expect([loaded.body, b.watched.ran]).toEqual([{ a: 1, same: true }, ['load']])
  })

  it('a session() below that is not lazy loads what one above left', async () => {
    const cookie = await stored()
    const eager = {
      express: [expressSession(options())],
      koa: [koaSession(options())],
      handle: show,
    }
    const listener = app({ ...lazyRoutes, 'GET /eager': eager }, { lazy: true })
    await request(listener).get('/eager').set('cookie', cookie).expect(200, { a: 1 })
    expect(b.watched.ran).toEqual(['load'])
  })

  it('requireSession() loads it', async () => {
    const guarded = {
      'GET /guarded': {
        express: [expressRequire()],
        koa: [koaRequire()],
        handle: show,
      },
    }
    const cookie = await stored()
    const listener = app(guarded, { lazy: true })
    await request(listener).get('/guarded').set('cookie', cookie).expect(200, { a: 1 })
    expect(b.watched.ran).toEqual(['load'])
    await request(listener).get('/guarded').expect(401)
    b.watched.away = true
    await request(listener)
      .get('/guarded')
      .set('cookie', cookie)
      .expect(503, { error: 'Session store unavailable' })
  })

  it('while the store is away loadSession() is an error of status 503, and can be tried again', async () => {
    const retry: RouteHandler = async (context) => {
      const failed = await load(context).catch(({ code }) => code)
      b.watched.away = false
      return { failed, ...(await load(context)) }
    }
    const cookie = await stored()
    const listener = lazy({ 'GET /retry': retry })
    b.watched.away = true
    await request(listener).get('/loaded').set('cookie', cookie).expect(503)
    const { body } = await request(listener).get('/retry').set('cookie', cookie)
    expect(body).toEqual({ failed: 'SLUICE_STORE_UNAVAILABLE', a: 1 })
    b.watched.away = true
    const anonymous = lazy({}, { onStoreError: 'anonymous' })
    const served = await request(anonymous).get('/loaded').set('cookie', cookie)
    expect([served.body, setCookies(served)]).toEqual([{ same: true }, []])
  })

  it('after the response has begun it still loads and saves, and refuses to change the cookie', async () => {
    const late: RouteHandler = async (context) => {
      const { res } = context.raw
      res.write('begun,')
      await vi.waitFor(() => expect(res.socket?.bytesWritten).toBeGreaterThan(0))
      const session = await load(context)
      session.b = 'late'
      res.end(`${String(session.a)},${String(await session.rotate().catch(({ code }) => code))}`)
    }
    const cookie = await stored()
    const response = await request(lazy({ 'GET /late': late }))
      .get('/late')
      .set('cookie', cookie)
    expect(response.text).toBe('begun,1,SLUICE_SESSION_HEADERS_SENT')
    await vi.waitFor(() => expect(b.watched.ran).toEqual(['load', 'commit']))
    await request(app()).get('/').set('cookie', cookie).expect(200, { a: 1, b: 'late' })
  })

  it('a load that nobody awaits is done before the response leaves', async () => {
    const release = withResolvers()
    const hasty: RouteHandler = (context) => {
      void load(context).then((session) => void (session.b = 'hasty'))
      return 'hasty'
    }
    const cookie = await stored()
    b.watched.before = (name) => (name === 'load' ? release.promise : undefined)
    const listener = lazy({ 'POST /hasty': hasty })
    const response = request(listener)
      .post('/hasty')
      .set('cookie', cookie)
      .then(({ text }) => text)
    await vi.waitFor(() => expect(b.watched.ran).toEqual(['load']))
    release.resolve()
    expect(await response).toBe('hasty')
    expect(b.watched.ran).toEqual(['load', 'commit'])
  })

  it('signing in works with a session that was loaded late', async () => {
    const listener = lazy({
      'POST /enter': async (context) => {
        await (await load(context)).signIn('ada')
        return 'in'
      },
    })
    const cookie = cookieOf(await request(listener).post('/enter')) ?? ''
    const { body } = await request(app()).get('/who').set('cookie', cookie)
    expect(body.userId).toBe('ada')
    expect(await signedIn(app(), 'bob')).not.toBe(cookie)
  })
})
