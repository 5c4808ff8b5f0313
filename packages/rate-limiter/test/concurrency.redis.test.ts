import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { redisUrl, startRedis, uniquePrefix } from '@sluice/testkit'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createConcurrencyLimiter, type Slot } from '../src/concurrency/concurrency-limiter.ts'
import { enter } from '../src/operations/enter.ts'
import { leave } from '../src/operations/leave.ts'
import { renew } from '../src/operations/renew.ts'

let redis: Redis
beforeAll(() => void (redis = new Redis(redisUrl())))
afterAll(() => redis.disconnect())

const connect = (prefix: string, url = redisUrl()) =>
  createCache({ store: redisStore({ url }), prefix })

it('of 50 that enter at once, from two processes, exactly 10 have a slot', async () => {
  const prefix = uniquePrefix('slots')
  await using one = connect(prefix)
  await using other = connect(prefix)
  const limiters = [one, other].map((cache) =>
    createConcurrencyLimiter({ cache, maxConcurrent: 10, deadline: '5s' }),
  )
  for (let round = 0; round < 3; round++) {
    const entered = await Promise.all(
      Array.from({ length: 25 }, () => limiters.map((limiter) => limiter.enter('ada'))).flat(),
    )
    const slots = entered.filter((slot) => slot !== undefined)
    expect(slots).toHaveLength(10)
    expect(await limiters[0]?.inspect('ada')).toEqual({ inFlight: 10, maxConcurrent: 10 })
    await Promise.all(slots.map((slot) => slot.release()))
  }
  expect(await redis.keys(`${prefix}*`)).toEqual([])
})

it('to enter is one command and to leave is another, once', async () => {
  await using server = await startRedis()
  await using cache = connect('shop', server.url)
  const own = new Redis(server.url)
  const limiter = createConcurrencyLimiter({ cache, maxConcurrent: 2 })
  await (await limiter.enter('the scripts are known from here on'))?.release()
  const sent: string[] = []
  const monitor = await own.monitor()
  monitor.on('monitor', (_time: string, [command = '']: string[], source: string) => {
    if (source !== 'lua') sent.push(command.toLowerCase())
  })
  const slot = await limiter.enter('ada')
  await slot?.release()
  await slot?.release()
  await own.echo('the end')
  await expect.poll(() => sent.at(-1)).toBe('echo')
  expect(sent).toEqual(['evalsha', 'evalsha', 'echo'])
  monitor.disconnect()
  own.disconnect()
})

it('a slot is kept beyond its lease by who holds it, and is free when that process is gone', async () => {
  const prefix = uniquePrefix('slots')
  await using cache = connect(prefix)
  const options = { cache, maxConcurrent: 1, lease: '1s', deadline: '5s' } as const
  const slot = await createConcurrencyLimiter(options).enter('ada')
  const key = `${prefix}#concurrent:{bob}:1/1000`
  await cache.store.run(enter, { key, id: 'dead', leaseMs: 1000, most: 1 })
  const other = createConcurrencyLimiter(options)
  expect(await other.enter('bob')).toBe(undefined)
  await expect.poll(() => other.enter('bob'), { timeout: 5000 }).toBeDefined()
  expect(await other.enter('ada')).toBe(undefined)
  await slot?.release()
  expect(await other.enter('ada')).toBeDefined()
})

it('leaves no key without a ttl, whatever is done in whatever order', async () => {
  const prefix = uniquePrefix('slots')
  await using cache = connect(prefix)
  const limiter = createConcurrencyLimiter({ cache, maxConcurrent: 2, deadline: '5s' })
  const args = fc.record({
    key: fc.constantFrom('{ada}:2/30000', '{bob}:2/30000'),
    id: fc.constantFrom('a', 'b', 'c'),
    leaseMs: fc.constantFrom(1, 30_000),
  })
  const step = fc.record({ do: fc.constantFrom('enter', 'leave', 'renew', 'slot'), args } as const)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const slots: (Slot | undefined)[] = []
      for (const { do: verb, args } of steps) {
        const key = `${prefix}#concurrent:${args.key}`
        const ids = [args.id]
        if (verb === 'enter') await cache.store.run(enter, { ...args, key, most: 2 })
        else if (verb === 'renew') await cache.store.run(renew, { ...args, key, ids })
        else if (verb === 'leave') await cache.store.run(leave, { key, ids })
        else slots.push(await limiter.enter('ada'))
      }
      const keys = await redis.keys(`${prefix}*`)
      const ttls = await Promise.all(keys.map((key) => redis.pttl(key)))
      expect(ttls.filter((ttl) => ttl === -1)).toEqual([])
      for (const slot of slots) await slot?.release()
    }),
    { numRuns: 50 },
  )
})

it('a key of another type is a failure of the store, not of the request', async () => {
  const prefix = uniquePrefix('slots')
  await using cache = connect(prefix)
  await redis.set(`${prefix}#concurrent:{ada}:1/30000`, 'x', 'EX', 60)
  const limiter = createConcurrencyLimiter({ cache, maxConcurrent: 1 })
  const slot = await limiter.enter('ada')
  expect(slot).toBeDefined()
  expect(await limiter.enter('ada')).toBe(undefined)
  await slot?.release()
})
