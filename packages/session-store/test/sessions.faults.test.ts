import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import type { SessionOptions } from '@sluice/session-store'
import {
  httpApps,
  startFaultProxy,
  startRedis,
  waitUntil,
  type ListeningApp,
  type RedisServer,
} from '@sluice/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { appWithSession, secret, sessionOf } from './fixtures.ts'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

const ending: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of ending.splice(0)) await one[Symbol.asyncDispose]()
})

async function startApp(
  factory: (typeof httpApps)[number],
  port: number,
  more: Partial<SessionOptions> = {},
): Promise<ListeningApp> {
  // Half the default: a machine that runs all tests at a time must have its second too.
  const store = redisStore({ port, commandTimeout: '250ms' })
  const cache = createCache({ store, prefix: 'faults' })
  const app = await appWithSession(
    factory,
    { cache, secret, ...more },
    {
      'GET /': (context) => ({ ...sessionOf(context) }),
      'POST /': (context) => {
        sessionOf(context).count = (sessionOf(context).count ?? 0) + 1
        return 'counted'
      },
    },
  ).listen()
  ending.push(app, cache)
  return app
}

async function timed(
  work: Promise<Response>,
): Promise<{ status: number; ms: number; text: string }> {
  const start = performance.now()
  const response = await work
  return { status: response.status, text: await response.text(), ms: performance.now() - start }
}

describe.each(httpApps)('$name', (factory) => {
  it.each([
    [
      'stops answering',
      async (server: RedisServer) => server.pause(),
      async (server: RedisServer) => server.resume(),
    ],
    [
      'is killed',
      (server: RedisServer) => server.kill(),
      (server: RedisServer) => server.restart(),
    ],
  ])('answers 503 within a second when Redis %s, and is back by itself', async (_, stop, start) => {
    await using own = await startRedis()
    const app = await startApp(factory, own.port)
    const issued = await fetch(app.url, { method: 'POST' })
    const cookie = issued.headers.get('set-cookie')?.split(';')[0] ?? ''
    await stop(own)
    for (let at = 0; at < 5; at++) {
      const answer = await timed(fetch(app.url, { headers: { cookie } }))
      expect(answer).toMatchObject({ status: 503, text: '{"error":"Session store unavailable"}' })
      expect(answer.ms).toBeLessThan(1000)
    }
    const visitor = await timed(fetch(app.url))
    expect([visitor.status, visitor.text]).toEqual([200, '{}'])
    const writer = await timed(fetch(app.url, { method: 'POST' }))
    expect(writer.status).toBe(503)
    expect(writer.ms).toBeLessThan(1000)
    await start(own)
    await waitUntil(async () => (await fetch(app.url, { headers: { cookie } })).status === 200, {
      what: 'sessions to work again',
    })
  })
})

const [factory] = httpApps
if (factory === undefined) throw new Error('no app')

it('what Redis did not confirm is 503: a load, and a new session, which gets no cookie', async () => {
  await using proxy = await startFaultProxy({ port: redis.port })
  const app = await startApp(factory, proxy.port)
  const issued = await fetch(app.url, { method: 'POST' })
  const cookie = issued.headers.get('set-cookie')?.split(';')[0] ?? ''
  const worksAgain = () =>
    waitUntil(async () => (await fetch(app.url, { headers: { cookie } })).status === 200, {
      what: 'sessions to work again',
    })
  proxy.dropNextReply()
  expect(await timed(fetch(app.url, { headers: { cookie } }))).toMatchObject({ status: 503 })
  await worksAgain()
  proxy.dropNextReply()
  const created = await fetch(app.url, { method: 'POST' })
  expect([created.status, created.headers.get('set-cookie')]).toEqual([503, null])
  await worksAgain()
})

it("'anonymous' serves visitors and the signed in alike while Redis does not answer", async () => {
  await using proxy = await startFaultProxy({ port: redis.port })
  const app = await startApp(factory, proxy.port, { onStoreError: 'anonymous' })
  const issued = await fetch(app.url, { method: 'POST' })
  const cookie = issued.headers.get('set-cookie')?.split(';')[0] ?? ''
  proxy.blackhole()
  const answer = await timed(fetch(app.url, { headers: { cookie } }))
  expect([answer.status, answer.text]).toEqual([200, '{}'])
  expect(answer.ms).toBeLessThan(1000)
  proxy.heal()
  await waitUntil(
    async () => (await (await fetch(app.url, { headers: { cookie } })).text()) === '{"count":1}',
    { what: 'the session to be back' },
  )
})
