import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { clusterNodes, uniquePrefix } from '@sluice/testkit'
import { rateLimit } from 'express-rate-limit'
import { expect, it } from 'vitest'
import { expressRateLimitStore } from '../src/express-rate-limit.ts'

it('on a Cluster every key is counted where it lies, and all are found for a reset', async () => {
  await using cache = createCache({
    store: redisStore({ cluster: clusterNodes() }),
    prefix: uniquePrefix('erl'),
  })
  const [store, other] = ['a', 'b'].map((prefix) => {
    const made = expressRateLimitStore({ cache, prefix, deadline: '5s' })
    rateLimit({ store: made, windowMs: 3_600_000 })
    return made
  })
  const keys = [...Array.from({ length: 30 }, (_, at) => `user-${at}`), '{a}', '{}', 'a}b{c', '}{']
  for (const key of keys) {
    expect(await store?.increment(key)).toMatchObject({ totalHits: 1 })
    expect(await store?.increment(key)).toMatchObject({ totalHits: 2 })
    await store?.decrement(key)
    expect(await store?.get(key)).toMatchObject({ totalHits: 1 })
    await other?.increment(key)
  }
  await store?.resetAll()
  for (const key of keys) {
    expect(await store?.get(key)).toBe(undefined)
    expect(await other?.get(key)).toMatchObject({ totalHits: 1 })
  }
})
