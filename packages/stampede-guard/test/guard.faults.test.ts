import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { createGuard, type Guard } from '@sluice/stampede-guard'
import { startRedis, waitUntil, type RedisServer } from '@sluice/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { recordFailures } from './fixtures.ts'

/** A Redis of the test's own, and a guard on it that has been used. */
async function createScene(args: string[] = []) {
  const redis = await startRedis({ args })
  onTestFinished(() => redis.stop())
  const cache = createCache({ store: redisStore({ url: redis.url }) })
  onTestFinished(() => cache.close())
  const guard = createGuard({ cache, ttl: '1m' })
  return { redis, cache, guard }
}

/** 50 callers at once: what they got, how many loads that took and how long. */
async function askTogether(guard: Guard, key: string) {
  let loads = 0
  const startedMs = performance.now()
  const values = await Promise.all(
    Array.from({ length: 50 }, () => guard.get(key, async () => ++loads)),
  )
  return { values: new Set(values), loads, tookMs: performance.now() - startedMs }
}

const outages: [string, (redis: RedisServer) => unknown, (redis: RedisServer) => unknown][] = [
  ['is gone', (redis) => redis.kill(), (redis) => redis.restart()],
  ['hangs', (redis) => redis.pause(), (redis) => redis.resume()],
]

describe.each(outages)('when Redis %s', (_, breakIt, mend) => {
  it('callers share one load, answered in under a second, and values are kept again afterwards', async () => {
    const failures = recordFailures()
    const { redis, guard, cache } = await createScene()
    await guard.get('before', () => 'value')
    await breakIt(redis)

    for (const key of ['before', 'other', 'third', 'fourth', 'fifth']) {
      const { values, loads, tookMs } = await askTogether(guard, key)
      expect({ values, loads }).toEqual({ values: new Set([1]), loads: 1 })
      expect(tookMs).toBeLessThan(1000)
    }
    // One read a flight failed, and no write was tried.
    expect(failures).toHaveLength(5)
    expect(failures).toEqual(
      failures.map(() => expect.objectContaining({ verb: 'get', instead: 'load' })),
    )
    await expect(guard.delete('before')).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })

    await mend(redis)
    await waitUntil(() => cache.ping(), { what: 'the store to recover' })
    expect(await guard.get('after', () => 'kept')).toBe('kept')
    expect(await guard.get('after', () => 'loaded again')).toBe('kept')
  })
})

it('when Redis refuses writes, values are loaded and returned, and the failure is reported', async () => {
  const failures = recordFailures()
  const { guard } = await createScene(['--maxmemory', '1', '--maxmemory-policy', 'noeviction'])
  expect(await guard.get('a', () => 'loaded')).toBe('loaded')
  expect(failures).toEqual([
    {
      verb: 'set',
      instead: 'return',
      error: expect.objectContaining({ code: 'SLUICE_STORE_UNAVAILABLE', reason: 'not-serving' }),
    },
  ])
})
