import { redisStore } from '@sluice/core/redis'
import { redisUrl, startRedis } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { createCache } from '@sluice/core'
import { createGuard } from '@sluice/stampede-guard'
import { describeSharedGuard } from './shared-guard.ts'

describeSharedGuard(() => redisStore({ url: redisUrl() }))

it('a hit costs one command, and a load two', async () => {
  await using redis = await startRedis()
  const client = new Redis(redis.url)
  onTestFinished(() => client.disconnect())
  await using cache = createCache({ store: redisStore({ url: redis.url }) })
  const guard = createGuard({ cache, ttl: '1m' })
  await cache.ping()

  await client.config('RESETSTAT')
  await guard.get('a', () => ({ name: 'Ada' }))
  expect(await commandCounts(client)).toEqual({ get: 1, set: 1 })

  await client.config('RESETSTAT')
  for (let hit = 0; hit < 10; hit++) await guard.get('a', () => ({ name: 'Bob' }))
  expect(await commandCounts(client)).toEqual({ get: 10 })
})

/** How often each command ran since the statistics were reset, other than by this test. */
async function commandCounts(client: Redis): Promise<Record<string, number>> {
  const lines = (await client.info('commandstats')).matchAll(/^cmdstat_(.+?):calls=(\d+)/gm)
  const counts = [...lines].map(([, name, calls]) => [String(name), Number(calls)] as const)
  return Object.fromEntries(counts.filter(([name]) => !/^(config|info)/.test(name)))
}
