import { setTimeout as sleep } from 'node:timers/promises'
import { redisStore } from '@sluice/core/redis'
import { clusterNodes, uniquePrefix } from '@sluice/testkit'
import { afterAll, describe, vi } from 'vitest'
import { cacheSuite } from './cache-suite.ts'

// The oldest major that is supported, in place of the newest.
vi.mock('ioredis', () => import('ioredis5'))

describe('a cache on a Redis Cluster by ioredis 5.4', () => {
  const store = redisStore({ cluster: clusterNodes() })
  afterAll(() => store.close())
  cacheSuite(() => ({ store, prefix: uniquePrefix('cache'), pass: (ms) => sleep(ms) }))
})
