import { setTimeout as sleep } from 'node:timers/promises'
import { redisStore } from '@sluice/core/redis'
import { clusterNodes, uniquePrefix } from '@sluice/testkit'
import { afterAll, describe } from 'vitest'
import { cacheSuite } from './cache-suite.ts'

describe('a cache on a Redis Cluster', () => {
  const store = redisStore({ cluster: clusterNodes() })
  afterAll(() => store.close())
  cacheSuite(() => ({ store, prefix: uniquePrefix('cache'), pass: (ms) => sleep(ms) }))
})
