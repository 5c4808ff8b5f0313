// Every package once on a real Redis, by whichever ioredis this project has.
import assert from 'node:assert/strict'
import { createCache } from '@sluice/core'
import { nearStore } from '@sluice/core/near'
import { redisStore } from '@sluice/core/redis'
import { createLocks } from '@sluice/distributed-lock'
import { createRateLimiter } from '@sluice/rate-limiter'
import { createSessions } from '@sluice/session-store'
import { createGuard } from '@sluice/stampede-guard'
import { Redis } from 'ioredis'

const url = process.env.REDIS_URL
const prefix = `consumer-${process.pid}`

async function useAll(cache) {
  await cache.set('a', { at: new Date(0) }, { ttl: '1m' })
  assert.deepEqual(await cache.get('a'), { at: new Date(0) })

  const limiter = createRateLimiter({ cache, limit: 1, window: '1m' })
  assert.equal((await limiter.consume('ada')).allowed, true)
  assert.equal((await limiter.consume('ada')).allowed, false)

  const sessions = createSessions({ cache })
  const { token } = await sessions.create({ userId: 'ada' })
  assert.equal((await sessions.load(token)).userId, 'ada')
  assert.equal(await sessions.destroyAll('ada'), 1)

  const locks = createLocks({ cache, ttl: '10s' })
  const lock = await locks.acquire('order')
  assert.equal(await locks.tryAcquire('order'), undefined)
  assert.equal(await lock.release(), 'released')

  const guard = createGuard({ cache, ttl: '1m' })
  const [one, two] = await Promise.all([guard.get('b', () => ({})), guard.get('b', () => ({}))])
  assert.deepEqual([one, two], [{}, {}])
  await guard.close()
}

const client = new Redis(url, { lazyConnect: true, autoResendUnfulfilledCommands: false })
const stores = {
  options: redisStore({ url }),
  client: redisStore(client),
  near: nearStore(redisStore({ url }), { maxEntries: 100 }),
}
for (const [name, store] of Object.entries(stores)) {
  const cache = createCache({ store, prefix: `${prefix}-${name}` })
  await useAll(cache)
  await cache.clear()
  await cache.close()
}
client.disconnect()
