import { redisStore } from '@sluice/core/redis'
import { clusterNodes } from '@sluice/testkit'
import { Cluster } from 'ioredis'
import { afterAll, beforeAll, it } from 'vitest'
import { eachNode } from './cluster-tools.ts'

const ports = clusterNodes().map(({ port }) => port)

// May find its way in the Cluster, and no more.
const rules = '+@all -cluster +cluster|slots ~* &*'.split(' ')
beforeAll(() =>
  eachNode(ports, (node) => node.call('ACL', 'SETUSER', 'narrow', 'on', '>secret', ...rules)),
)
afterAll(() => eachNode(ports, (node) => node.call('ACL', 'DELUSER', 'narrow')))

it('a user that may not ask for the state of the Cluster finds it healthy', async () => {
  const client = new Cluster(clusterNodes(), {
    // ioredis asks for the state too, and would not connect without it.
    enableReadyCheck: false,
    redisOptions: { username: 'narrow', password: 'secret' },
  })
  try {
    await redisStore(client).ping()
  } finally {
    client.disconnect()
  }
})
