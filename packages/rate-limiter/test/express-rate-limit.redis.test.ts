import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { redisUrl, startRedis, uniquePrefix } from '@sluice/testkit'
import { rateLimit } from 'express-rate-limit'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  expressRateLimitStore,
  type ExpressRateLimitStoreOptions,
} from '../src/express-rate-limit.ts'

let redis: Redis
beforeAll(() => void (redis = new Redis(redisUrl())))
afterAll(() => redis.disconnect())

const connect = (prefix: string, url = redisUrl()) =>
  createCache({ store: redisStore({ url }), prefix })

/** A store that knows its window, as the middleware tells it. */
function storeOf(options: ExpressRateLimitStoreOptions, windowMs = 3_600_000) {
  const store = expressRateLimitStore({ deadline: '5s', ...options })
  rateLimit({ store, windowMs })
  return store
}

it('200 parallel hits from the stores of two processes count exactly', async () => {
  const prefix = uniquePrefix('erl')
  await using one = connect(prefix)
  await using other = connect(prefix)
  const stores = [storeOf({ cache: one }), storeOf({ cache: other })]
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => stores.map(async (store) => store.increment('ada'))).flat(),
  )
  const counts = answers.map(({ totalHits }) => totalHits).toSorted((a, b) => a - b)
  expect(counts).toEqual(Array.from({ length: 200 }, (_, at) => at + 1))
})

it('leaves no key without a ttl, whatever is done in whatever order', async () => {
  const prefix = uniquePrefix('erl')
  await using cache = connect(prefix)
  const stores = [storeOf({ cache, prefix: 'short' }, 2), storeOf({ cache, prefix: 'long' })]
  const step = fc.record({
    store: fc.constantFrom(...stores),
    verb: fc.constantFrom('increment', 'increment', 'decrement', 'decrement', 'get', 'resetKey'),
    key: fc.constantFrom('ada', 'bob', '{brace}'),
  } as const)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      for (const { store, verb, key } of steps) await store[verb](key)
      const keys = await redis.keys(`${prefix}*`)
      const ttls = await Promise.all(keys.map((key) => redis.pttl(key)))
      const counts = await Promise.all(keys.map((key) => redis.get(key)))
      expect(ttls.filter((ttl) => ttl === -1)).toEqual([])
      expect(counts.filter((count) => Number(count ?? 0) < 0)).toEqual([])
    }),
    { numRuns: 50 },
  )
  expect(await redis.keys(`${prefix}*`)).not.toEqual([])
})

it('gives a count that has lost its ttl another one, and starts it anew', async () => {
  const prefix = uniquePrefix('erl')
  await using cache = connect(prefix)
  const store = storeOf({ cache })
  await store.increment('ada')
  await store.increment('ada')
  const [key = 'none'] = await redis.keys(`${prefix}*`)
  expect(key).toBe(`${prefix}#hits:{ada}:default`)
  await redis.persist(key)
  expect(await store.get('ada')).toEqual({ totalHits: 2, resetTime: undefined })
  expect(await store.increment('ada')).toMatchObject({ totalHits: 1 })
  expect(await redis.pttl(key)).toBeGreaterThan(3_500_000)
})

it('a reset of all forgets its own counts and nothing else', async () => {
  const prefix = uniquePrefix('erl')
  await using cache = connect(prefix)
  const [mine, others] = [storeOf({ cache, prefix: 'rl*' }), storeOf({ cache, prefix: 'rlx' })]
  const keys = Array.from({ length: 50 }, (_, at) => `{user}[${at}]*`)
  for (const key of keys) {
    await mine.increment(key)
    await others.increment(key)
  }
  await mine.resetAll()
  expect(await redis.keys(`${prefix}*`)).toHaveLength(keys.length)
  for (const key of keys) expect(await others.get(key)).toMatchObject({ totalHits: 1 })
})

it('each call is one command', async () => {
  await using server = await startRedis()
  await using cache = connect('shop', server.url)
  const own = new Redis(server.url)
  const store = storeOf({ cache })
  const verbs = ['increment', 'decrement', 'get', 'resetKey'] as const
  for (const verb of verbs) await store[verb]('the scripts are known from here on')
  const sent: string[] = []
  const monitor = await own.monitor()
  monitor.on('monitor', (_time: string, [command = '']: string[], source: string) => {
    if (source !== 'lua') sent.push(command.toLowerCase())
  })
  for (const verb of verbs) await store[verb]('ada')
  await own.echo('the end')
  await expect.poll(() => sent.at(-1)).toBe('echo')
  expect(sent).toHaveLength(verbs.length + 1)
  expect(sent.slice(0, 3)).toEqual(Array(3).fill(expect.stringMatching(/^evalsha(_ro)?$/)))
  monitor.disconnect()
  own.disconnect()
})
