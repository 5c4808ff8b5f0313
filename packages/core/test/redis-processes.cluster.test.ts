import { redisStore } from '@sluice/core/redis'
import { clusterNodes } from '@sluice/testkit'
import { afterAll, it } from 'vitest'
import { expectExactChanges } from './two-processes.ts'

const store = redisStore({ cluster: clusterNodes() })
afterAll(() => store.close())

it('200 parallel callers on two processes lose and double no change on a Cluster', () =>
  expectExactChanges({ store: { cluster: clusterNodes() } }, store))
