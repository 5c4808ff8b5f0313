import { redisStore } from '@sluice/core/redis'
import { storeContract } from '@sluice/core/testing'
import { redisUrl } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { afterAll, describe, it } from 'vitest'
import { realSubject } from './real-subject.ts'

const clients = [
  new Redis(redisUrl()),
  new Redis5(redisUrl()),
  new Redis(redisUrl(), { keyPrefix: 'app[1]*' }),
  new Redis5(redisUrl(), { keyPrefix: 'app[1]*' }),
]
afterAll(() => clients.forEach((client) => client.disconnect()))

const stores = [
  ['a url', () => redisStore({ url: redisUrl() })],
  ['a client of ioredis 6', () => redisStore(clients[0] as Redis)],
  ['a client of ioredis 5.4', () => redisStore(clients[1] as Redis5)],
  ['a client with a keyPrefix of its own', () => redisStore(clients[2] as Redis)],
  ['a client of ioredis 5.4 with a keyPrefix', () => redisStore(clients[3] as Redis5)],
  ['three connections', () => redisStore({ url: redisUrl(), connections: 3 })],
] as const

describe.each(stores)('redisStore on %s keeps the contract of a store', (_, make) => {
  for (const { name, run } of storeContract(async () => realSubject(make()))) it(name, run)
})
