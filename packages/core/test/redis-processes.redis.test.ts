import { redisStore } from '@sluice/core/redis'
import { redisUrl } from '@sluice/testkit'
import { afterAll, describe, it } from 'vitest'
import { expectExactChanges } from './two-processes.ts'

describe('200 parallel callers on two processes lose and double no change', () => {
  const store = redisStore({ url: redisUrl() })
  afterAll(() => store.close())

  it.each([
    ['on Redis', { store: { url: redisUrl() } }],
    ['over four connections each', { store: { url: redisUrl(), connections: 4 } }],
    ['with ioredis 5.4', { store: { url: redisUrl() }, ioredis5: true }],
  ])('%s', (_, how) => expectExactChanges(how, store))
})
