import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { clusterNodes, uniquePrefix } from '@sluice/testkit'
import { expect, it } from 'vitest'
import { createConcurrencyLimiter } from '../src/concurrency/concurrency-limiter.ts'

it('on a Cluster a slot of any key is taken, counted and given back', async () => {
  await using cache = createCache({
    store: redisStore({ cluster: clusterNodes() }),
    prefix: uniquePrefix('slots'),
  })
  const limiter = createConcurrencyLimiter({ cache, maxConcurrent: 1, deadline: '5s' })
  const keys = [...Array.from({ length: 30 }, (_, at) => `user-${at}`), '{a}', '{}', 'a}b{c', '}{']
  for (const key of keys) {
    const slot = await limiter.enter(key)
    expect(slot).toBeDefined()
    expect(await limiter.enter(key)).toBe(undefined)
    expect(await limiter.inspect(key)).toEqual({ inFlight: 1, maxConcurrent: 1 })
    await slot?.release()
    expect(await limiter.inspect(key)).toEqual({ inFlight: 0, maxConcurrent: 1 })
  }
})
