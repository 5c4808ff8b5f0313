import { createCache } from '@sluice/core'
import { nearStore } from '@sluice/core/near'
import { redisStore } from '@sluice/core/redis'
import { createGuard } from '@sluice/stampede-guard'
import { redisUrl, startRedis, uniquePrefix, waitUntil } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'

/** A guard whose store keeps hot entries in this process. */
function createNearGuard(url: string, prefix: string) {
  const cache = createCache({ store: nearStore(redisStore({ url })), prefix })
  onTestFinished(() => cache.close())
  const guard = createGuard({ cache, ttl: '1m' })
  onTestFinished(() => guard.close(1))
  return guard
}

it('a hit on a near store costs no command', async () => {
  await using redis = await startRedis()
  const client = new Redis(redis.url)
  onTestFinished(() => client.disconnect())
  const guard = createNearGuard(redis.url, 'near')
  const gets = async (): Promise<number> => {
    const lines = await client.info('commandstats')
    return Number(/^cmdstat_get:calls=(\d+)/m.exec(lines)?.[1] ?? 0)
  }
  const hit = () => guard.get('a', () => ({ name: 'Bob' }))
  await guard.get('a', () => ({ name: 'Ada' }))

  // From when the link stands and the entry is here.
  const isNear = async (): Promise<boolean> => {
    const before = await gets()
    await hit()
    return (await gets()) === before
  }
  await waitUntil(isNear, { what: 'a hit in this process' })
  const before = await gets()
  for (let time = 0; time < 10; time++) expect(await hit()).toEqual({ name: 'Ada' })
  expect(await gets()).toBe(before)
})

it('what one process deletes, others load anew, though they had it near', async () => {
  const prefix = uniquePrefix('near-guard')
  const [one, other] = [createNearGuard(redisUrl(), prefix), createNearGuard(redisUrl(), prefix)]
  await one.get('a', () => 'old')
  for (let time = 0; time < 3; time++) expect(await other.get('a', () => 'unused')).toBe('old')

  expect(await one.delete('a')).toBe(true)
  const isNew = async (): Promise<boolean> => (await other.get('a', () => 'new')) === 'new'
  await waitUntil(isNew, { what: 'the new value' })
  expect(await one.get('a', () => 'unused')).toBe('new')
})
