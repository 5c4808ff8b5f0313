// No framework, no ioredis, and no types of Node either.
import { createCache } from '@sluice/core'
import { createLocks } from '@sluice/distributed-lock'
import { createRateLimiter } from '@sluice/rate-limiter'
import { createSessions } from '@sluice/session-store'
import { createGuard } from '@sluice/stampede-guard'

/**
 * @param {unknown} actual
 * @param {unknown} expected
 */
function same(actual, expected) {
  if (actual !== expected) throw new Error(`${String(actual)} is not ${String(expected)}`)
}

const cache = createCache({ prefix: 'shop' })
await cache.set('a', 1, '1m')
same(await cache.increment('a'), 2)

const limiter = createRateLimiter({ cache, limit: 1, window: '1m' })
same((await limiter.consume('ada')).allowed, true)
same((await limiter.consume('ada')).allowed, false)

const sessions = createSessions({ cache })
const { token } = await sessions.create({ userId: 'ada' })
same((await sessions.load(token))?.userId, 'ada')

const lock = await createLocks({ cache }).acquire('order')
same(await lock.release(), 'released')

const guard = createGuard({ cache, ttl: '5m' })
same(await guard.get('b', () => 'loaded'), 'loaded')
await cache.close()
