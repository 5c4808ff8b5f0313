// Every package without a framework. What is exported is inferred, so that the compiler must be able to name it.
import {
  createCache,
  OptionError,
  StoreUnavailableError,
  type Cache,
  type Duration,
} from '@sluice/core'
import { compressed, json, type Codec } from '@sluice/core/codecs'
import { defineOperation, lua } from '@sluice/core/extend'
import { memoryStore } from '@sluice/core/memory'
import { nearStore } from '@sluice/core/near'
import { cacheFromEnv, redisStore } from '@sluice/core/redis'
import { manualClock } from '@sluice/core/testing'
import { createLocks, withLock, type Lock } from '@sluice/distributed-lock'
import { createConcurrencyLimiter, createRateLimiter, type Decision } from '@sluice/rate-limiter'
import { createSessions, type Session } from '@sluice/session-store'
import { createGuard } from '@sluice/stampede-guard'
import { Cluster, Redis } from 'ioredis'

interface Product {
  readonly id: string
  readonly name: string
}
declare const loadProduct: (id: string) => Promise<Product>

export const cache = createCache({
  store: redisStore({ url: process.env['REDIS_URL'] }),
  prefix: 'shop',
})
export const onClient = createCache({ store: redisStore(new Redis()), ttl: '1h' })
export const onCluster = createCache({ store: redisStore(new Cluster([{ port: 6379 }])) })
export const near = nearStore(redisStore({ host: 'localhost' }), { maxEntries: 1_000 })
export const inMemory = createCache({ store: memoryStore({ maxEntries: 10 }), prefix: 'test' })
export const fromEnv = cacheFromEnv()
export const codecs: readonly Codec[] = [json, compressed(json)]
export const clock = manualClock()
export const script = lua`return 1`
export const define = defineOperation

export const limiter = createRateLimiter({ cache, limit: 100, window: '1m' })
export const concurrency = createConcurrencyLimiter({ cache, maxConcurrent: 2 })
export const sessions = createSessions<{ cart: string[] }>({ cache, idle: '24h' })
export const locks = createLocks({ cache, ttl: '30s' })
export const guard = createGuard({ cache, ttl: '5m' })
export const product = guard.wrap(loadProduct, { key: (id) => `product:${id}` })
export const ship = withLock(locks, { key: (id) => `order:${id}` }, (id: number) => id > 0)

export async function use(): Promise<void> {
  const found: Product | undefined = await cache.get<Product>('product:1')
  const loaded: Product = await product('1')
  const decision: Decision = await limiter.consume(found?.id ?? loaded.id, { cost: 2 })
  const shipped: boolean = await ship(decision.remaining)
  const lock: Lock | undefined = await locks.tryAcquire(`a:${shipped}`)
  await lock?.release()
  const stored = await sessions.load('token')
  const cart: string[] | undefined = stored?.data.cart
  const counted: number = await cache.increment(cart?.[0] ?? 'none', 1, { ttl: '1m' })
  await cache.expire('a', counted)
}

export function statusOf(error: unknown): number | undefined {
  if (error instanceof StoreUnavailableError) return error.status
  return error instanceof OptionError ? 500 : undefined
}

export const durations: Duration[] = [1_000, '500ms', '30s', '5m', '24h', '7 d']
export const view = (parent: Cache): Cache => parent.namespace('a').tenant('b')
/** As settings are read from an environment, under `exactOptionalPropertyTypes` too. */
export const unset = [
  createCache({ prefix: undefined, ttl: undefined }),
  createLocks({ cache, ttl: undefined }),
  createSessions({ cache, secret: undefined, idle: undefined }),
  createRateLimiter({ cache, limit: 100, window: '1m', name: undefined }),
  createGuard({ cache, ttl: '5m', timeout: undefined }),
  memoryStore({ maxEntries: undefined }),
  redisStore({ host: 'localhost', password: undefined }),
]
declare const session: Session<{ visits: number }>

// @ts-expect-error no such unit
durations.push('5 parsecs')
// @ts-expect-error a duration is not a date
durations.push(new Date())
// @ts-expect-error no such option
createCache({ prefx: 'shop' })
// @ts-expect-error no such option
redisStore({ hostname: 'localhost' })
// @ts-expect-error a size is a number
memoryStore({ maxEntries: '10' })
// @ts-expect-error no window
createRateLimiter({ cache, limit: 100 })
// @ts-expect-error no such algorithm
createRateLimiter({ cache, limit: 100, window: '1m', algorithm: 'leaky' })
// @ts-expect-error a number with a unit
createRateLimiter({ cache, limit: 100, window: '60' })
// @ts-expect-error no such option
createSessions({ cache, idel: '24h' })
// @ts-expect-error an attribute has its type
session.visits = 'many'
// @ts-expect-error locks need a cache
createLocks({ ttl: '30s' })
// @ts-expect-error no such policy
withLock(locks, { key: 'a', onBusy: 'queue' }, () => 1)
// @ts-expect-error a guard without a ttl
createGuard({ cache })
// @ts-expect-error a key is text
guard.wrap(loadProduct, { key: () => 1 })
// @ts-expect-error the product's id is text
void product(1)
