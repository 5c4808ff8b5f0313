import { httpApps, type RouteHandler } from '@sluice/testkit'
import { createSessions } from '@sluice/session-store'
import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import {
  appWithSession,
  benchPerTest,
  cookieOf,
  holdUntil,
  routes,
  sessionApps,
  sessionOf,
  setCookies,
  withResolvers,
} from './fixtures.ts'

const b = benchPerTest()

describe.each(httpApps)('$name', (factory) => {
  const { options, app, signedIn } = sessionApps(factory, b)

  it('two sign-ins at a time from one cookie both end signed in', async () => {
    const listener = app()
    const cookie =
      cookieOf(
        await request(listener)
          .post('/set')
          .send({ cart: ['tea'] }),
      ) ?? ''
    holdUntil(b.watched, 'rotate', 2)
    const responses = await Promise.all(
      [1, 2].map(() => request(listener).post('/sign-in?user=ada').set('cookie', cookie)),
    )
    for (const response of responses) {
      const { body } = await request(listener)
        .get('/')
        .set('cookie', cookieOf(response) ?? '')
      expect(body).toEqual({ cart: ['tea'], count: 1 })
    }
  })

  it('parallel requests that set different attributes keep them all', async () => {
    const running = await appWithSession(factory, options(), routes).listen()
    const first = await fetch(`${running.url}/sign-in?user=ada`, { method: 'POST' })
    const cookie = String(first.headers.get('set-cookie')).split(';')[0] ?? ''
    const names = Array.from({ length: 30 }, (_, at) => `attribute-${at}`)
    // All have loaded before the first one commits.
    holdUntil(b.watched, 'commit', names.length)
    await Promise.all(
      names.map((name) =>
        fetch(`${running.url}/set`, {
          method: 'POST',
          headers: { cookie, 'content-type': 'application/json' },
          body: JSON.stringify({ [name]: name }),
        }),
      ),
    )
    const after = await fetch(running.url, { headers: { cookie } })
    const expected = Object.fromEntries(names.map((name) => [name, name]))
    expect(await after.json()).toEqual({ count: 1, ...expected })
    await running.stop()
  })

  it('a request under way while another one rotates the cookie keeps what it saves', async () => {
    const rotated = withResolvers()
    const listener = app({
      'POST /slow': async (context) => {
        sessionOf(context).a = 'kept'
        await rotated.promise
        return 'slow'
      },
    })
    const cookie = await signedIn(listener)
    b.watched.ran.length = 0
    const slow = request(listener)
      .post('/slow')
      .set('cookie', cookie)
      .then((response) => response)
    await vi.waitFor(() => expect(b.watched.ran).toEqual(['load']))
    const next = cookieOf(await request(listener).post('/rotate').set('cookie', cookie)) ?? ''
    rotated.resolve()
    expect(setCookies(await slow)).toEqual([])
    await request(listener).get('/').set('cookie', next).expect(200, { count: 1, a: 'kept' })
  })

  it('a sign-in that could not be listed is an error, and signs nobody in', async () => {
    const listener = app()
    const cookie = cookieOf(await request(listener).post('/set').send({ a: 1 })) ?? ''
    for (const sent of ['', cookie]) {
      b.watched.before = (name) => void (b.watched.away = name === 'index-add')
      const response = await request(listener).post('/sign-in?user=ada').set('cookie', sent)
      expect(response.status).toBe(503)
      b.watched.before = () => void (b.watched.away = false)
      const given = [sent, ...setCookies(response).map((line) => line.split(';')[0] ?? '')]
      for (const one of given) {
        const { body } = await request(listener).get('/who').set('cookie', one)
        expect(body.userId).toBeUndefined()
      }
    }
    expect(await createSessions({ cache: b.cache }).list('ada')).toEqual([])
  })

  it('50 parallel updates of one attribute lose none', async () => {
    const running = await appWithSession(factory, options(), routes).listen()
    const first = await fetch(`${running.url}/sign-in?user=ada`, { method: 'POST' })
    const cookie = String(first.headers.get('set-cookie')).split(';')[0] ?? ''
    // All have read the same value before the first one writes.
    holdUntil(b.watched, 'swap', 50)
    await Promise.all(
      Array.from({ length: 50 }, () =>
        fetch(`${running.url}/increment`, { method: 'POST', headers: { cookie } }),
      ),
    )
    const after = await fetch(running.url, { headers: { cookie } })
    expect(await after.json()).toEqual({ count: 51 })
    await running.stop()
  })

  it('a session destroyed while a request is under way stays destroyed', async () => {
    const sessions = createSessions({ cache: b.cache })
    const listener = app({
      'POST /slow': async (context) => {
        sessionOf(context).a = 'late'
        await sessions.destroyAll('ada')
        const updated = await sessionOf(context).update('count', () => 5)
        return { saved: await sessionOf(context).save(), updated: updated ?? 'gone' }
      },
    })
    const cookie = await signedIn(listener)
    await request(listener)
      .post('/slow')
      .set('cookie', cookie)
      .expect(200, { saved: false, updated: 'gone' })
    expect(await b.keys('session')).toEqual([])
    await request(listener).get('/who').set('cookie', cookie).expect(200, { isNew: true })
  })

  it('a redirect does not leave before what it relies on is saved', async () => {
    const release = withResolvers()
    b.watched.before = (name) => (name === 'create' ? release.promise : undefined)
    let sent = (): boolean => false
    const listener = app({
      'POST /go': (context) => {
        sessionOf(context).a = 'saved first'
        const { socket } = context.raw.res
        sent = () => (socket?.bytesWritten ?? 0) > 0
        context.redirect('/')
      },
    })
    const redirected = request(listener)
      .post('/go')
      .redirects(0)
      .then((response) => response)
    await vi.waitFor(() => expect(b.watched.ran).toEqual(['create']))
    await new Promise(setImmediate)
    expect(sent()).toBe(false)
    release.resolve()
    const response = await redirected
    expect(response.status).toBe(302)
    await request(listener)
      .get('/')
      .set('cookie', cookieOf(response) ?? '')
      .expect(200, { a: 'saved first' })
  })

  it('a response that is written piece by piece is saved before its first byte, and arrives whole', async () => {
    const listener = app({
      'POST /stream': async (context) => {
        const { res } = context.raw
        sessionOf(context).a = 'before'
        res.write('one,')
        res.write('two,')
        await vi.waitFor(() => expect(res.socket?.bytesWritten).toBeGreaterThan(0))
        const late = await sessionOf(context).signIn('ada').catch(String)
        res.end(late)
      },
    })
    const response = await request(listener).post('/stream')
    expect(response.text).toMatch(/^one,two,SessionError: The response has begun/)
    await request(listener)
      .get('/')
      .set('cookie', cookieOf(response) ?? '')
      .expect(200, { a: 'before' })
  })

  it('save() after the response has begun reaches a stored session, and refuses a new one', async () => {
    const late: RouteHandler = async (context) => {
      const { res } = context.raw
      res.write('begun,')
      await vi.waitFor(() => expect(res.socket?.bytesWritten).toBeGreaterThan(0))
      sessionOf(context).a = 'late'
      res.end(String(await sessionOf(context).save().catch(String)))
    }
    const listener = app({ 'POST /late': late })
    const cookie = await signedIn(listener)
    const stored = await request(listener).post('/late').set('cookie', cookie)
    expect(stored.text).toBe('begun,true')
    expect((await request(listener).get('/').set('cookie', cookie)).body.a).toBe('late')
    expect((await request(listener).post('/late')).text).toMatch(/SessionError/)
    expect(await b.keys('session')).toHaveLength(1)
  })

  it('calls that nobody awaits are done before the response leaves, each once', async () => {
    const listener = app({
      'POST /hasty': (context) => {
        sessionOf(context).a = 1
        void sessionOf(context).save()
        void sessionOf(context).signIn('ada')
        sessionOf(context).b = 2
        return 'ok'
      },
    })
    const response = await request(listener).post('/hasty')
    expect(await b.keys('session')).toHaveLength(1)
    const cookie = cookieOf(response) ?? ''
    await request(listener).get('/').set('cookie', cookie).expect(200, { a: 1, b: 2 })
    const { body } = await request(listener).get('/who').set('cookie', cookie)
    expect(body.userId).toBe('ada')
  })
})
