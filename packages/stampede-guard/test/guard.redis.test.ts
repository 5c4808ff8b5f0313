import { redisStore } from '@sluice/core/redis'
import { createCache } from '@sluice/core'
import { compressed, json, taggedJson } from '@sluice/core/codecs'
import { msgpack } from '@sluice/core/msgpack'
import { createGuard } from '@sluice/stampede-guard'
import { redisUrl, startRedis, uniquePrefix } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { describeSharedGuard } from './shared-guard.ts'

describeSharedGuard(() => redisStore({ url: redisUrl() }))

it('a hit costs one command, and what guards a load is spent on a load alone', async () => {
  await using redis = await startRedis()
  const client = new Redis(redis.url)
  onTestFinished(() => client.disconnect())
  await using cache = createCache({ store: redisStore({ url: redis.url }) })
  const guard = createGuard({ cache, ttl: '1m' })
  await cache.ping()
  await guard.get('a', () => ({ name: 'Ada' }))

  await client.config('RESETSTAT')
  for (let hit = 0; hit < 10; hit++) await guard.get('a', () => ({ name: 'Bob' }))
  expect(await commandCounts(client)).toEqual({ get: 10 })
})

it('hits of a value with tags cost one command more within the bound, whatever their number', async () => {
  await using redis = await startRedis()
  const client = new Redis(redis.url)
  onTestFinished(() => client.disconnect())
  await using cache = createCache({ store: redisStore({ url: redis.url }) })
  const guard = createGuard({ cache, ttl: '1m', tags: ['red', 'green', 'blue'], tagCheck: '1h' })
  await guard.get('a', () => 1)
  await guard.get('a', () => 2)

  await client.config('RESETSTAT')
  for (let hit = 0; hit < 10; hit++) await guard.get('a', () => 2)
  const { mget = 0, ...others } = await commandCounts(client)
  // Once more when messages begin to arrive.
  expect(mget).toBeLessThanOrEqual(1)
  expect(others).toEqual({ get: 10 })
})

const codecs = { compressed: compressed(taggedJson, { above: 1 }), msgpack: msgpack(), json }

it.each(Object.entries(codecs))(
  'entries are written by the codec of the cache: %s',
  async (_, codec) => {
    const prefix = uniquePrefix('codec')
    await using cache = createCache({ store: redisStore({ url: redisUrl() }), prefix, codec })
    const guard = createGuard({ cache, ttl: '1m', tags: ['red'] })
    const value = { text: 'lorem ipsum '.repeat(50) }
    await guard.get('a', () => value)
    expect(await guard.get('a', () => 'unused')).toEqual(value)
    const payload = await cache.store.get(`${prefix}:a`)
    expect(codec.decode(payload ?? '')).toMatchObject({ guard: 1, value })
    expect(Buffer.isBuffer(payload)).toBe(codec !== json)
  },
)

/** How often each command ran since the statistics were reset, other than by this test. */
async function commandCounts(client: Redis): Promise<Record<string, number>> {
  const lines = (await client.info('commandstats')).matchAll(/^cmdstat_(.+?):calls=(\d+)/gm)
  const counts = [...lines].map(([, name, calls]) => [String(name), Number(calls)] as const)
  return Object.fromEntries(
    counts.filter(([name]) => !/^(config|info|subscribe|client|hello|ping)/.test(name)),
  )
}
