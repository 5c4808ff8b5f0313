import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { httpApps, redisUrl, startRedis } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { askUntilHit, setUp } from './cached-app.ts'
import { describeSharedResponses } from './shared-responses.ts'

describeSharedResponses(() => redisStore({ url: redisUrl() }))

it('a page that this process has seen costs one round trip', async () => {
  await using redis = await startRedis()
  const client = new Redis(redis.url)
  onTestFinished(() => client.disconnect())
  await using cache = createCache({ store: redisStore({ url: redis.url }) })
  const { get } = setUp(httpApps[0]!, () => 'page', { cache })
  await askUntilHit(get)
  await client.config('RESETSTAT')
  for (let hit = 0; hit < 5; hit++) await get().expect('Cache-Status', /hit/)
  const commands = await client.info('commandstats')
  const reads = [...commands.matchAll(/^cmdstat_(m?get):calls=(\d+)/gm)]
  expect(reads.map(([, name, calls]) => `${name} ${calls}`)).toEqual(['get 10'])
})

it('every key that is written has a ttl', async () => {
  await using redis = await startRedis()
  const client = new Redis(redis.url)
  onTestFinished(() => client.disconnect())
  await using cache = createCache({ store: redisStore({ url: redis.url }) })
  const { get, purge } = setUp(httpApps[0]!, () => 'page', { cache, tags: ['all'] })
  await askUntilHit(get)
  await purge.byTag('all', 'other')
  await askUntilHit(get)
  const keys = await client.keys('*')
  expect(keys.length).toBeGreaterThan(4)
  for (const key of keys)
    expect([key, await client.pttl(key)]).toEqual([key, expect.closeTo(0, -10)])
})
