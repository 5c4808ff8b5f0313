import { httpApps } from '@sluice/testkit'
import { requireSession as expressRequire } from '@sluice/session-store/express'
import { requireSession as koaRequire } from '@sluice/session-store/koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { benchPerTest, cookieOf, sessionApps } from './fixtures.ts'

const b = benchPerTest()

describe.each(httpApps)('requireSession() on $name', (factory) => {
  const { app, signedIn } = sessionApps(factory, b)

  it('with fresh lets in who signed in just now, asks others to, and knows visitors', async () => {
    const guarded = {
      'POST /password': {
        express: [expressRequire({ fresh: '5m' })],
        koa: [koaRequire({ fresh: '5m' })],
        handle: () => 'changed',
      },
    }
    const listener = app(guarded)
    const change = (cookie: string) => request(listener).post('/password').set('cookie', cookie)
    const visitor = cookieOf(await request(listener).post('/set').send({ a: 1 })) ?? ''
    await change(visitor).expect(401, { error: 'Invalid or expired session' })
    const user = await signedIn(listener)
    await change(user).expect(200, 'changed')
    b.clock.advance('6m')
    b.watched.ran.length = 0
    await change(user).expect(401, { error: 'Sign in again' })
    expect(b.watched.ran).toEqual(['load'])
    const again = await request(listener).post('/sign-in?user=ada').set('cookie', user)
    await change(cookieOf(again) ?? '').expect(200, 'changed')
  })
})
