import { setTimeout as sleep } from 'node:timers/promises'
import { redisStore } from '@sluice/core/redis'
import { sentinelOptions, uniquePrefix } from '@sluice/testkit'
import { afterAll, describe } from 'vitest'
import { cacheSuite } from './cache-suite.ts'

describe('a cache on Redis behind sentinels', () => {
  const store = redisStore(sentinelOptions())
  afterAll(() => store.close())
  cacheSuite(() => ({ store, prefix: uniquePrefix('cache'), pass: (ms) => sleep(ms) }))
})
