import { redisStore } from '@sluice/core/redis'
import { clusterNodes, uniquePrefix } from '@sluice/testkit'
import { describe } from 'vitest'
import { openCache, sharedStoreSuite } from './shared-store.ts'

describe('on a Cluster', () => {
  sharedStoreSuite(() => {
    const prefix = uniquePrefix()
    const open = () => openCache(redisStore({ cluster: clusterNodes() }), prefix)
    return [open(), open()]
  })
})
