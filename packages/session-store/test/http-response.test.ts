import { createSessions } from '@sluice/session-store'
import { httpApps, type RouteContext, type RouteHandler } from '@sluice/testkit'
import request from 'supertest'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  benchPerTest,
  cookieOf,
  heardFailures,
  sessionApps,
  sessionOf,
  setCookies,
} from './fixtures.ts'

const b = benchPerTest()
afterEach(() => void vi.useRealTimers())

/** Begins the response, and waits until its first bytes are on the wire. */
async function begin({ raw: { res } }: RouteContext): Promise<void> {
  res.write('begun,')
  await vi.waitFor(() => expect(res.socket?.bytesWritten).toBeGreaterThan(0))
}

/** Moves the faked timers on until the work is done, and not a step further. */
async function whileTimePasses<Result>(work: PromiseLike<Result>): Promise<Result> {
  let isDone = false
  const done = Promise.resolve(work).finally(() => (isDone = true))
  while (!isDone) {
    await vi.advanceTimersByTimeAsync(20)
    await new Promise(setImmediate)
  }
  return done
}

describe.each(httpApps)('$name', (factory) => {
  const { app, signedIn } = sessionApps(factory, b)

  describe('a session that ends while its request is under way', () => {
    const sessions = () => createSessions({ cache: b.cache })
    const slow: RouteHandler = async (context) => {
      sessionOf(context).a = 'late'
      await sessions().destroyAll('ada')
      return 'handled'
    }
    const other: RouteHandler = async (context) => {
      sessionOf(context).a = 'late'
      const cookie = context.header('cookie') ?? ''
      await request(app()).post('/sign-in?user=ada').set('cookie', cookie)
      return 'handled'
    }

    it("with onGone 'drop' gets the handler's response, and the loss is reported", async () => {
      using heard = heardFailures()
      const listener = app({ 'POST /slow': slow })
      const cookie = await signedIn(listener)
      const response = await request(listener).post('/slow').set('cookie', cookie)
      expect([response.status, response.text, setCookies(response)]).toEqual([200, 'handled', []])
      const error = expect.objectContaining({ code: 'SLUICE_SESSION_GONE' })
      expect(heard.failures).toEqual([{ verb: 'commit', instead: 'dropped', error }])
      expect(await b.keys('session')).toEqual([])
    })

    it("with onGone 'error' gets 401 in its place, and keeps its cookie", async () => {
      using heard = heardFailures()
      const listener = app({ 'POST /slow': slow }, { onGone: 'error' })
      const cookie = await signedIn(listener)
      const response = await request(listener).post('/slow').set('cookie', cookie)
      expect([response.status, response.body]).toEqual([
        401,
        { error: 'Invalid or expired session' },
      ])
      expect(setCookies(response)).toEqual([])
      const error = expect.objectContaining({ code: 'SLUICE_SESSION_GONE' })
      expect(heard.failures).toEqual([{ verb: 'commit', instead: '401', error }])
    })

    it('a sign-in since counts as an end, and its session stays as it is', async () => {
      const listener = app({ 'POST /other': other }, { onGone: 'error' })
      const visitor = cookieOf(await request(listener).post('/set').send({ b: 1 })) ?? ''
      const response = await request(listener).post('/other').set('cookie', visitor)
      expect([response.status, setCookies(response)]).toEqual([401, []])
      expect(await sessions().list('ada')).toHaveLength(1)
    })
  })

  describe('on a store that takes 300 ms', () => {
    const rotated: RouteHandler = async (context) => {
      await sessionOf(context).rotate()
      sessionOf(context).a = 'by rotate'
      context.redirect('/')
    }
    const assigned: RouteHandler = (context) => {
      sessionOf(context).a = 'by assignment'
      context.redirect('/')
    }

    it.each([
      ['a new session', false, '/assigned', 'by assignment'],
      ['a stored one', true, '/assigned', 'by assignment'],
      ['one with a new token', true, '/rotated', 'by rotate'],
    ])('the target of a redirect sees %s', async (_, isStored, path, a) => {
      const listener = app({ 'POST /assigned': assigned, 'POST /rotated': rotated })
      const before = isStored
        ? (cookieOf(await request(listener).post('/set').send({ a: 1 })) ?? '')
        : ''
      vi.useFakeTimers({ toFake: ['setTimeout'] })
      b.watched.before = () => new Promise((resolve) => setTimeout(resolve, 300))
      const redirect = request(listener).post(path).redirects(0).set('cookie', before)
      const response = await whileTimePasses(redirect)
      b.watched.before = () => undefined
      const target = await request(listener)
        .get(String(response.headers['location']))
        .set('cookie', cookieOf(response) ?? before)
      expect([response.status, target.body]).toEqual([302, { a }])
    })
  })

  describe('once a response has begun', () => {
    it('what is assigned to a stored session is saved when it ends', async () => {
      using heard = heardFailures()
      const listener = app({
        'POST /late': async (context) => {
          sessionOf(context).a = 'early'
          await begin(context)
          sessionOf(context).b = 'late'
          context.raw.res.end('done')
        },
      })
      const cookie = await signedIn(listener)
      b.watched.ran.length = 0
      const response = await request(listener).post('/late').set('cookie', cookie)
      expect(response.text).toBe('begun,done')
      await vi.waitFor(() => expect(b.watched.ran).toEqual(['load', 'commit', 'commit']))
      const { body } = await request(listener).get('/').set('cookie', cookie)
      expect(body).toEqual({ count: 1, a: 'early', b: 'late' })
      expect(heard.failures).toEqual([])
    })

    it('what is assigned to a new session is lost, and that is reported', async () => {
      using heard = heardFailures()
      const listener = app({
        'POST /late': async (context) => {
          await begin(context)
          sessionOf(context).b = 'late'
          context.raw.res.end('done')
        },
      })
      const response = await request(listener).post('/late')
      expect([response.text, setCookies(response)]).toEqual(['begun,done', []])
      const error = expect.objectContaining({ code: 'SLUICE_SESSION_HEADERS_SENT' })
      await vi.waitFor(() =>
        expect(heard.failures).toEqual([{ verb: 'commit', instead: 'dropped', error }]),
      )
      expect(b.watched.ran).toEqual([])
    })

    it('a save that fails, or comes too late, is reported', async () => {
      using heard = heardFailures()
      const late: RouteHandler = async (context) => {
        await begin(context)
        sessionOf(context).b = 'late'
        if (context.query.has('away')) b.watched.away = true
        else await createSessions({ cache: b.cache }).destroyAll('ada')
        context.raw.res.end('done')
      }
      const listener = app({ 'POST /late': late })
      const cookie = await signedIn(listener)
      const away = await request(listener).post('/late?away').set('cookie', cookie)
      await vi.waitFor(() => expect(heard.failures).toHaveLength(1))
      b.watched.away = false
      const gone = await request(listener).post('/late').set('cookie', cookie)
      await vi.waitFor(() => expect(heard.failures).toHaveLength(2))
      expect([away.text, gone.text]).toEqual(['begun,done', 'begun,done'])
      expect(heard.failures).toMatchObject([
        { instead: 'dropped', error: { code: 'SLUICE_STORE_UNAVAILABLE' } },
        { instead: 'dropped', error: { code: 'SLUICE_SESSION_GONE' } },
      ])
    })
  })

  it('a stream whose session cannot be saved is 503 before its first byte', async () => {
    using heard = heardFailures()
    const listener = app({
      'POST /stream': (context) => {
        sessionOf(context).a = 1
        b.watched.away = true
        context.raw.res.write('one,')
        context.raw.res.end('two')
      },
    })
    const cookie = await signedIn(listener)
    const response = await request(listener).post('/stream').set('cookie', cookie)
    expect([response.status, response.body]).toEqual([503, { error: 'Session store unavailable' }])
    expect(heard.failures).toMatchObject([{ verb: 'commit', instead: '503' }])
  })
})
