import { redisStore } from '@sluice/core/redis'
import { clusterNodes, uniquePrefix } from '@sluice/testkit'
import { afterAll } from 'vitest'
import { keysWithoutTtlSuite } from './keys-without-ttl-suite.ts'

const store = redisStore({ cluster: clusterNodes() })
afterAll(() => store.close())

keysWithoutTtlSuite(() => ({ store, prefix: uniquePrefix('ttl') }))
