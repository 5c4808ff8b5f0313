import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { redisUrl, startRedis, uniquePrefix } from '@sluice/testkit'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiter } from '../src/index.ts'

describe('on Redis', () => {
  let redis: Redis
  beforeAll(() => void (redis = new Redis(redisUrl())))
  afterAll(() => redis.disconnect())

  it('300 parallel requests from several processes’ stores admit exactly 100', async () => {
    const prefix = uniquePrefix('limit')
    const caches = [1, 2, 3].map(() =>
      createCache({ store: redisStore({ url: redisUrl() }), prefix }),
    )
    const limiters = caches.map((cache) =>
      createRateLimiter({ cache, limit: 100, window: '1h', deadline: '5s' }),
    )
    const decisions = await Promise.all(
      Array.from({ length: 100 }, () => limiters.map((limiter) => limiter.consume('ada'))).flat(),
    )
    expect(decisions.every(({ source }) => source === 'store')).toBe(true)
    expect(decisions.filter(({ allowed }) => allowed).length).toBe(100)
    await Promise.all(caches.map((cache) => cache.close()))
  })

  it('several policies take from all or from none, however many ask at once', async () => {
    await using cache = createCache({
      store: redisStore({ url: redisUrl() }),
      prefix: uniquePrefix('limit'),
    })
    const limiter = createRateLimiter({
      cache,
      deadline: '5s',
      policies: [
        { name: 'narrow', limit: 20, window: '1h' },
        { name: 'wide', limit: 50, window: '1d' },
      ],
    })
    const decisions = await Promise.all(Array.from({ length: 100 }, () => limiter.consume('ada')))
    expect(decisions.filter(({ allowed }) => allowed).length).toBe(20)
    expect((await limiter.peek('ada')).policies).toMatchObject([
      { remaining: 0 },
      { remaining: 30 },
    ])
  })

  it('leaves no key without a ttl, whatever is done in whatever order', async () => {
    const prefix = uniquePrefix('limit')
    await using cache = createCache({ store: redisStore({ url: redisUrl() }), prefix })
    const common = { cache, deadline: '5s', rememberRefusals: 0 } as const
    const algorithms = ['sliding-window', 'fixed-window', 'sliding-log', 'token-bucket'] as const
    const limiters = algorithms.flatMap((algorithm) => [
      createRateLimiter({ ...common, limit: 3, window: 50, algorithm }),
      createRateLimiter({
        ...common,
        algorithm,
        policies: [
          { name: 'short', limit: 2, window: 20 },
          { name: 'long', limit: 5, window: '1h' },
        ],
      }),
    ])
    const verbs: readonly ((
      limiter: RateLimiter,
      key: string,
      cost: number,
    ) => Promise<unknown>)[] = [
      (limiter, key, cost) => limiter.consume(key, { cost }),
      (limiter, key, cost) => limiter.consume(key, { cost: cost + 1, partial: true }),
      (limiter, key, cost) => limiter.peek(key, { cost }),
      (limiter, key, cost) => limiter.refund(key, { cost }),
      async (limiter, key, cost) =>
        limiter.refund(key, { of: await limiter.consume(key, { cost }) }),
      (limiter, key, cost) => limiter.penalize(key, { cost }),
      (limiter, key, cost) => limiter.block(key, cost === 0 ? 0 : cost * 10),
      (limiter, key) => limiter.reset(key),
    ]
    const step = fc.record({
      limiter: fc.constantFrom(...limiters),
      run: fc.constantFrom(...verbs),
      key: fc.constantFrom('ada', 'bob', '{brace}'),
      cost: fc.nat(6),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        for (const { limiter, run, key, cost } of steps) await run(limiter, key, cost)
        const keys = await redis.keys(`${prefix}*`)
        const ttls = await Promise.all(keys.map((key) => redis.pttl(key)))
        expect(ttls.filter((ttl) => ttl === -1)).toEqual([])
      }),
      { numRuns: 50 },
    )
    expect(await redis.keys(`${prefix}*`)).not.toEqual([])
  })

  it('keeps a count for as long as it counts, and no longer', async () => {
    const prefix = uniquePrefix('limit')
    await using cache = createCache({ store: redisStore({ url: redisUrl() }), prefix })
    const limiter = createRateLimiter({ cache, limit: 3, window: '1h', deadline: '5s' })
    const { resetAfterMs } = await limiter.consume('ada')
    const [key = 'none'] = await redis.keys(`${prefix}*`)
    expect(key).toBe(`${prefix}#limit:{ada}:3/s3600000`)
    const ttl = await redis.pttl(key)
    expect(ttl).toBeLessThanOrEqual(resetAfterMs)
    expect(ttl).toBeGreaterThan(resetAfterMs - 5000)
  })

  it('keeps a client in at most 110 bytes', async () => {
    const prefix = 'shop'
    await using server = await startRedis()
    await using cache = createCache({ store: redisStore({ url: server.url }), prefix })
    await createRateLimiter({ cache, limit: 100, window: '1m' }).consume('203.0.113.9')
    const own = new Redis(server.url)
    const [key = 'none'] = await own.keys('*')
    expect(Number(await own.memory('USAGE', key))).toBeLessThanOrEqual(110)
    own.disconnect()
  })
})

describe('on a server of its own', () => {
  it('a decision is one command for any number of policies, and a refusal that lasts is none', async () => {
    await using server = await startRedis()
    await using cache = createCache({ store: redisStore({ url: server.url }) })
    const own = new Redis(server.url)
    const limiter = createRateLimiter({
      cache,
      policies: [1, 2, 3, 4].map((hours) => ({
        name: `h${hours}`,
        limit: 50,
        window: hours * 3_600_000,
      })),
    })
    await limiter.consume('the script is known from here on')
    const sent: string[] = []
    const monitor = await own.monitor()
    monitor.on('monitor', (_time: string, [command = '']: string[], source: string) => {
      if (source !== 'lua') sent.push(command.toLowerCase())
    })
    for (let i = 0; i < 60; i++) await limiter.consume('ada')
    await limiter.peek('ada')
    await own.echo('the end')
    await expect.poll(() => sent.at(-1)).toBe('echo')
    // Fifty that pass, the first refusal, and the look.
    expect(sent).toEqual([...Array<string>(52).fill('evalsha'), 'echo'])
    monitor.disconnect()
    own.disconnect()
  })

  it('a script that the server forgot is sent again, and counts once', async () => {
    await using server = await startRedis()
    await using cache = createCache({ store: redisStore({ url: server.url }) })
    const own = new Redis(server.url)
    const limiter = createRateLimiter({ cache, limit: 3, window: '1h', deadline: '5s' })
    for (const remaining of [2, 1, 0]) {
      expect(await limiter.consume('ada')).toMatchObject({ remaining, source: 'store' })
      await own.script('FLUSH')
    }
    own.disconnect()
  })

  it('a key of another type is replaced: it holds nothing that a limit could go by', async () => {
    await using server = await startRedis()
    await using cache = createCache({ store: redisStore({ url: server.url }) })
    const own = new Redis(server.url)
    await own.lpush('sluice#limit:{ada}:wrong-type/s60000', 'x')
    const limiter = createRateLimiter({ cache, name: 'wrong-type', limit: 1, window: '1m' })
    expect(await limiter.consume('ada')).toMatchObject({ allowed: true, source: 'store' })
    expect(await limiter.consume('ada')).toMatchObject({ allowed: false })
    own.disconnect()
  })
})
