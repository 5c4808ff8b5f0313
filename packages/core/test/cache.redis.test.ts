import { setTimeout as sleep } from 'node:timers/promises'
import { redisStore } from '@sluice/core/redis'
import { redisUrl, uniquePrefix } from '@sluice/testkit'
import { afterAll, describe } from 'vitest'
import { cacheSuite } from './cache-suite.ts'

describe('a cache on Redis', () => {
  const store = redisStore({ url: redisUrl() })
  afterAll(() => store.close())
  cacheSuite(() => ({ store, prefix: uniquePrefix('cache'), pass: (ms) => sleep(ms) }))
})
