export type { RedisClient } from './client.ts'
export { redisStore } from './redis-store.ts'
export type { RedisAddress, RedisStoreOptions } from './options.ts'
