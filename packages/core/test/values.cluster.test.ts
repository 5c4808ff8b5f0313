import { redisStore } from '@sluice/core/redis'
import { clusterNodes } from '@sluice/testkit'
import { afterAll, describe } from 'vitest'
import { fidelitySuite } from './fidelity.ts'

describe('values on a Redis Cluster', () => {
  const store = redisStore({ cluster: clusterNodes() })
  afterAll(() => store.close())
  fidelitySuite(store)
})
