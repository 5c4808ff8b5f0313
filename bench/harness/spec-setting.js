import { randomBytes } from 'node:crypto'
import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { redisStore } from '@sluice/core/redis'

/** A value of a kilobyte, as the spec's numbers are about. */
export const value = { text: randomBytes(500).toString('hex') }

export const inMemory = (options) => createCache({ store: memoryStore(), ...options })

/** A cache on the bench's Redis, or on another, whose keys nothing else has. */
export function onRedis(options = {}) {
  const store = redisStore({ url: process.env.BENCH_REDIS_URL, ...options })
  return createCache({ store, prefix: `spec${process.pid}` })
}
