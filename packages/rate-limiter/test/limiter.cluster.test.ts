import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { clusterNodes, uniquePrefix } from '@sluice/testkit'
import { expect, it } from 'vitest'
import { createRateLimiter } from '../src/index.ts'

it.each(['fixed-window', 'sliding-log', 'token-bucket'] as const)(
  'on a Cluster %s is taken, given back and blocked like any',
  async (algorithm) => {
    await using cache = createCache({
      store: redisStore({ cluster: clusterNodes() }),
      prefix: uniquePrefix('limit'),
    })
    const limiter = createRateLimiter({ cache, deadline: '5s', limit: 5, window: '1h', algorithm })
    for (const key of ['ada', 'a}b{c', '{}']) {
      const decision = await limiter.consume(key, { cost: 4 })
      expect(decision).toMatchObject({ allowed: true, source: 'store', remaining: 1 })
      expect(await limiter.refund(key, { of: decision })).toMatchObject({ remaining: 5 })
      expect(await limiter.penalize(key, { cost: 9 })).toMatchObject({ remaining: 0 })
      expect((await limiter.block(key, '1h')).allowed).toBe(false)
    }
    await limiter.resetMatching('a')
    expect(await limiter.peek('ada')).toMatchObject({ allowed: true, remaining: 5 })
    expect((await limiter.peek('{}')).allowed).toBe(false)
  },
)

it('on a Cluster several policies of any key are one step', async () => {
  await using cache = createCache({
    store: redisStore({ cluster: clusterNodes() }),
    prefix: uniquePrefix('limit'),
  })
  const limiter = createRateLimiter({
    cache,
    deadline: '5s',
    policies: [
      { name: 'burst', limit: 2, window: '1h' },
      { name: 'daily', limit: 5, window: '1d' },
    ],
  })
  const keys = [...Array.from({ length: 30 }, (_, at) => `user-${at}`), '{a}', '{}', 'a}b{c', '}{']
  for (const key of keys) {
    expect(await limiter.consume(key, { cost: 2 })).toMatchObject({
      allowed: true,
      source: 'store',
    })
    const refused = await limiter.consume(key)
    expect(refused).toMatchObject({ allowed: false, source: 'store' })
    expect(refused.policies).toMatchObject([{ remaining: 0 }, { remaining: 3 }])
    await limiter.reset(key)
    expect((await limiter.consume(key, { cost: 2 })).allowed).toBe(true)
  }
})
