import { httpApps } from '@sluice/testkit'
import { requireSession as expressRequire } from '@sluice/session-store/express'
import { requireSession as koaRequire } from '@sluice/session-store/koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import {
  appWithSession,
  benchPerTest,
  routes,
  sessionApps,
  sessionOf,
  setCookies,
} from './fixtures.ts'

const b = benchPerTest()

describe.each(httpApps)('$name', (factory) => {
  const { options, app, signedIn } = sessionApps(factory, b)

  describe('while the store is away', () => {
    const refusal = { error: 'Session store unavailable' }

    it('a request with a cookie is 503, one without goes on, and all is well again afterwards', async () => {
      const listener = app()
      const cookie = await signedIn(listener)
      b.watched.away = true
      const response = await request(listener).get('/who').set('cookie', cookie)
      expect([response.status, response.body]).toEqual([503, refusal])
      expect(response.headers['retry-after']).toBe('1')
      await request(listener).get('/who').expect(200)
      b.watched.away = false
      const { body } = await request(listener).get('/who').set('cookie', cookie)
      expect(body.userId).toBe('ada')
    })

    it('what cannot be saved is 503 and not 200, without a cookie', async () => {
      const listener = app()
      b.watched.away = true
      const response = await request(listener).post('/set').send({ a: 1 })
      expect([response.status, response.body]).toEqual([503, refusal])
      expect(setCookies(response)).toEqual([])
    })

    it("'anonymous' goes on with an empty session, stores nothing of it and leaves the cookie", async () => {
      const anonymous = { ...options(), onStoreError: 'anonymous' as const }
      const { listener } = appWithSession(factory, anonymous, {
        ...routes,
        'POST /hasty': (context) => {
          sessionOf(context).a = 1
          void sessionOf(context).update('count', () => 7)
          return 'updated'
        },
        'GET /guarded': { express: [expressRequire()], koa: [koaRequire()], handle: () => 'in' },
      })
      const cookie = await signedIn(listener)
      b.watched.away = true
      await request(listener).get('/').set('cookie', cookie).expect(200, {})
      const written = await request(listener).post('/set').set('cookie', cookie).send({ a: 1 })
      expect([written.status, setCookies(written)]).toEqual([200, []])
      await request(listener).post('/hasty').set('cookie', cookie).expect(200, 'updated')
      await request(listener).get('/guarded').set('cookie', cookie).expect(503, refusal)
      b.watched.away = false
      await request(listener).get('/').set('cookie', cookie).expect(200, { count: 1 })
    })
  })
})
