import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { createGuard, type Guard } from '@sluice/stampede-guard'
import { startRedis, waitUntil, type RedisServer } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createGate, recordFailures } from './fixtures.ts'
import { startGuardProcess } from './guard-process.ts'

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
      verb: 'get',
      instead: 'load',
      error: expect.objectContaining({ code: 'SLUICE_STORE_UNAVAILABLE', reason: 'not-serving' }),
    },
  ])
})

it('when the process that loads is killed, another takes over within the lease', async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const settings = { url: redis.url, prefix: 'killed', options: { lease: '1s' } }
  const [owner, other] = await Promise.all([
    startGuardProcess(settings),
    startGuardProcess(settings),
  ])
  owner.order('hang', 'a')
  expect(await owner.answer()).toBe('hanging')
  other.order('ask', 'a', 50, 0)
  await owner.kill()
  const startedMs = performance.now()
  expect(await other.answer()).toMatchObject({ loads: 1 })
  expect(performance.now() - startedMs).toBeLessThan(3000)
})

it('a process that lives keeps its lease for longer than the lease is', async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const settings = { url: redis.url, prefix: 'lives', options: { lease: 300 } }
  const [owner, other] = await Promise.all([
    startGuardProcess(settings),
    startGuardProcess(settings),
  ])
  owner.order('ask', 'a', 1, 1500)
  await waitUntil(async () => (await peekText(redis.url, 'lives:a')) !== null, {
    what: 'the lease',
  })
  other.order('ask', 'a', 1, 0)
  expect(await owner.answer()).toMatchObject({ loads: 1 })
  expect(await other.answer()).toMatchObject({ loads: 0 })
})

it('when Redis goes during a load, callers get its value, and the next get loads', async () => {
  recordFailures()
  const { redis, guard } = await createScene()
  const gate = createGate<string>()
  const loading = guard.get('a', gate.load)
  await waitUntil(() => gate.calls() === 1, { what: 'the load' })
  await redis.kill()
  gate.open('loaded')
  expect(await loading).toBe('loaded')
  expect(await guard.get('a', () => 'own')).toBe('own')
})

async function peekText(url: string, key: string): Promise<string | null> {
  const client = new Redis(url)
  try {
    return await client.get(key)
  } finally {
    client.disconnect()
  }
}
