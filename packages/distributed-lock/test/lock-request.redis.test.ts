import { redisStore } from '@sluice/core/redis'
import { httpApps, startRedis, type HttpAppFactory, waitUntil } from '@sluice/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { lockRequest as expressLock } from '../src/express.ts'
import { createLocks } from '../src/index.ts'
import { lockRequest as koaLock } from '../src/koa.ts'
import { openCache } from './shared-store.ts'

/** An app with a client of its own, whose requests all have one key. */
function setUp({ create }: HttpAppFactory, url: string, onBusy: 'wait' | 'reject') {
  const cache = openCache(redisStore({ url }), 'locked')
  const options = { locks: createLocks({ cache }), key: 'till', onBusy }
  return create({
    express: [expressLock(options)],
    koa: [koaLock(options)],
    routes: {
      'GET /': async () => {
        // What is lost if two are in at once.
        const sold = (await cache.get<number>('sold')) ?? 0
        await cache.set('sold', sold + 1)
        return 'sold'
      },
    },
  })
}

describe('locked requests of several processes on one Redis', () => {
  it('are in one at a time, whatever their framework', async () => {
    await using redis = await startRedis()
    const apps = httpApps.map((factory) => setUp(factory, redis.url, 'wait'))
    const servers = await Promise.all(apps.map((app) => app.listen()))
    onTestFinished(async () => {
      await Promise.all(servers.map(({ stop }) => stop()))
    })
    const requests = servers.flatMap(({ url }) => Array.from({ length: 10 }, () => fetch(url)))
    const statuses = (await Promise.all(requests)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([200]))
    const cache = openCache(redisStore({ url: redis.url }), 'locked')
    expect(await cache.get('sold')).toBe(40)
  })

  it('are answered with 503 in time while Redis does not answer', async () => {
    await using redis = await startRedis()
    for (const factory of httpApps) {
      for (const onBusy of ['reject', 'wait'] as const) {
        await using server = await setUp(factory, redis.url, onBusy).listen()
        // What was asked before the last pause may have been granted when Redis went on: it is freed in the background.
        await waitUntil(async () => (await fetch(server.url)).status === 200, {
          what: 'the lock to be free',
        })
        redis.pause()
        const signal = AbortSignal.timeout(5000)
        expect((await fetch(server.url, { signal })).status).toBe(503)
        redis.resume()
      }
    }
  })
})
