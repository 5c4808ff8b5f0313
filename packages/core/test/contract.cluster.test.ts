import { redisStore } from '@sluice/core/redis'
import { storeContract } from '@sluice/core/testing'
import { clusterNodes } from '@sluice/testkit'
import { Cluster } from 'ioredis'
import { Cluster as Cluster5 } from 'ioredis5'
import { afterAll, describe, it } from 'vitest'
import { realSubject } from './real-subject.ts'

const clients = [
  new Cluster(clusterNodes()),
  new Cluster5(clusterNodes()),
  new Cluster(clusterNodes(), { keyPrefix: 'app{1}' }),
  new Cluster5(clusterNodes(), { keyPrefix: 'app{1}' }),
]
afterAll(() => clients.forEach((client) => client.disconnect()))

const stores = [
  ['a list of nodes', () => redisStore({ cluster: clusterNodes() })],
  ['a Cluster of ioredis 6', () => redisStore(clients[0] as Cluster)],
  ['a Cluster of ioredis 5.4', () => redisStore(clients[1] as Cluster5)],
  ['a Cluster with a keyPrefix of its own', () => redisStore(clients[2] as Cluster)],
  ['a Cluster of ioredis 5.4 with a keyPrefix', () => redisStore(clients[3] as Cluster5)],
  ['three connections to each node', () => redisStore({ cluster: clusterNodes(), connections: 3 })],
] as const

describe.each(stores)('redisStore on %s keeps the contract of a store', (_, make) => {
  for (const { name, run } of storeContract(async () => realSubject(make()))) it(name, run)
})
