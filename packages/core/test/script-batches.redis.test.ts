import { createCache, OperationError, StoreClosedError, type RootCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { redisUrl, uniquePrefix } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, it } from 'vitest'

let cache: RootCache
let admin: Redis
const prefix = uniquePrefix('batches')

beforeEach(() => {
  cache = createCache({ store: redisStore({ url: redisUrl() }), prefix })
  admin = new Redis(redisUrl())
})
afterEach(async () => {
  await cache.deleteMatching('*')
  await cache.close()
  admin.disconnect()
})

const many = Array.from({ length: 50 }, (_, at) => `key${at}`)

/** How many scripts the work of this cache made the server run: other tests use the server too. */
async function scriptsOf(work: () => Promise<unknown>): Promise<number> {
  const monitor = await admin.monitor()
  const seen: string[] = []
  monitor.on('monitor', (_, command: string[]) => {
    if (/^eval/i.test(command[0] ?? '') && command.some((word) => word.includes(prefix))) {
      seen.push(command[0] ?? '')
    }
  })
  await work()
  await cache.ping()
  await admin.ping()
  monitor.disconnect()
  return seen.length
}

it('operations that one turn asks for go together, and each is answered for itself', async () => {
  await cache.increment('key7', 100)
  const before = await scriptsOf(() => cache.increment('warm'))
  expect(before).toBe(1)
  let counts: readonly number[] = []
  const scripts = await scriptsOf(async () => {
    counts = await Promise.all(many.map((key, at) => cache.increment(key, at)))
  })
  expect(counts).toEqual(many.map((_, at) => (at === 7 ? 107 : at)))
  expect(scripts).toBeLessThan(many.length / 2)
})

it('one that fails does so alone', async () => {
  await admin.hset(`${prefix}:key3`, 'a', 1)
  const outcomes = await Promise.allSettled(many.map((key) => cache.increment(key)))
  const failed = outcomes.flatMap((outcome, at) => (outcome.status === 'rejected' ? [at] : []))
  expect(failed).toEqual([3])
  expect(outcomes[3]).toMatchObject({ reason: expect.any(OperationError) })
})

it('what is asked of one key happens in the order in which it was asked', async () => {
  const [one, read, two, , three, gone] = await Promise.all([
    cache.increment('a'),
    cache.get('a'),
    cache.increment('a'),
    cache.set('a', 10),
    cache.increment('a'),
    cache.take('a'),
    ...many.map((key) => cache.increment(key)),
  ])
  expect([one, read, two, three, gone]).toEqual([1, 1, 2, 11, 11])
  expect(await cache.get('a')).toBeUndefined()
})

it('operations of two kinds on one key do not overtake each other', async () => {
  await cache.set('a', 5)
  await cache.set('b', 5)
  const [, taken, after, free] = await Promise.all([
    cache.increment('b'),
    cache.take('a'),
    cache.increment('a'),
    cache.increment('c'),
  ])
  expect([taken, after, free]).toEqual([5, 1, 1])
})

it('bytes come back as the bytes that they were', async () => {
  const bytes = many.map((_, at) => Buffer.from([0, 255, 13, 10, at]))
  await Promise.all(many.map((key, at) => cache.update(key, () => bytes[at])))
  const read = await Promise.all(many.map((key) => cache.take<Buffer>(key)))
  expect(read).toEqual(bytes)
})

it('a server that has forgotten its scripts is told them again', async () => {
  await Promise.all(many.map((key) => cache.increment(key)))
  await admin.script('FLUSH')
  const counts = await Promise.all(many.map((key) => cache.increment(key)))
  expect(counts).toEqual(many.map(() => 2))
})

it('what was asked before close is answered, what is asked after it is refused', async () => {
  await cache.ping()
  const before = many.map((key) => cache.increment(key))
  const closing = cache.close()
  const after = cache.increment('late')
  await expect(after).rejects.toThrow(StoreClosedError)
  expect(await Promise.all(before)).toEqual(many.map(() => 1))
  await closing
  cache = createCache({ store: redisStore({ url: redisUrl() }), prefix })
})
