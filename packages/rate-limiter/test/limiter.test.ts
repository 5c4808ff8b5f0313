import { createCache, type Cache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, type Decision, type RateLimiterOptions } from '../src/index.ts'

const minute = 60_000

function setUp(options: RateLimiterOptions) {
  const clock = manualClock()
  const cache = createCache({ store: memoryStore({ clock }) })
  return { clock, cache, limiter: createRateLimiter({ cache, ...options }) }
}

describe('a limiter', () => {
  it('admits the limit and refuses what is beyond, with all that a client needs to know', async () => {
    const { limiter, clock } = setUp({ limit: 2, window: '1m' })
    clock.advance('15s')
    expect(await limiter.consume('ada')).toEqual({
      allowed: true,
      granted: 1,
      limit: 2,
      remaining: 1,
      retryAfterMs: 0,
      resetAfterMs: 105_000,
      blockedForMs: 0,
      source: 'store',
      decidedAtMs: clock.now(),
      policies: [
        {
          name: 'default',
          limit: 2,
          windowMs: minute,
          allowed: true,
          remaining: 1,
          retryAfterMs: 0,
          refillAfterMs: 105_000,
          resetAfterMs: 105_000,
        },
      ],
    })
    await limiter.consume('ada')
    // Two of this minute fade over the next one: room for one unit when half of it has gone.
    expect(await limiter.consume('ada')).toMatchObject({
      allowed: false,
      remaining: 0,
      retryAfterMs: 75_000,
      resetAfterMs: 105_000,
    })
  })

  it('admits after exactly the wait that it told, and not a moment before', async () => {
    const { limiter, clock } = setUp({ limit: 7, window: '1m' })
    for (let i = 1; i <= 40; i++) {
      clock.advance(i * 700)
      const cost = (i % 7) + 1
      const refused = await untilRefused(() => limiter.consume('ada', { cost }))
      clock.advance(Math.max(1, (refused.retryAfterMs ?? 0) - 1))
      expect((await limiter.consume('ada', { cost })).allowed).toBe(refused.retryAfterMs === 1)
      clock.advance(1)
      expect((await limiter.consume('ada', { cost })).allowed).toBe(refused.retryAfterMs !== 1)
    }
  })

  it('counts each key on its own', async () => {
    const { limiter } = setUp({ limit: 1, window: '1m' })
    expect((await limiter.consume('ada')).allowed).toBe(true)
    expect((await limiter.consume('bob')).allowed).toBe(true)
    expect((await limiter.consume('ada')).allowed).toBe(false)
  })

  it('takes nothing when it refuses', async () => {
    const { limiter } = setUp({ limit: 5, window: '1m' })
    await limiter.consume('ada', { cost: 3 })
    expect(await limiter.consume('ada', { cost: 3 })).toMatchObject({
      allowed: false,
      remaining: 2,
    })
    expect(await limiter.consume('ada', { cost: 2 })).toMatchObject({ allowed: true, remaining: 0 })
  })

  it('says of a cost above the limit that no wait will help', async () => {
    const { limiter } = setUp({ limit: 5, window: '1m' })
    expect(await limiter.consume('ada', { cost: 6 })).toMatchObject({
      allowed: false,
      remaining: 5,
      retryAfterMs: undefined,
    })
  })

  it('lets a cost of nothing pass always, and writes nothing for it', async () => {
    const { limiter, cache } = setUp({ limit: 1, window: '1m' })
    expect(await limiter.consume('ada', { cost: 0 })).toMatchObject({ allowed: true, remaining: 1 })
    expect(await keysOf(cache)).toEqual([])
    await limiter.consume('ada')
    expect(await limiter.consume('ada', { cost: 0 })).toMatchObject({ allowed: true, remaining: 0 })
  })

  it('peeks without taking or writing', async () => {
    const { limiter, cache, clock } = setUp({ limit: 2, window: '1m' })
    expect(await limiter.peek('ada')).toMatchObject({ allowed: true, remaining: 2 })
    expect(await keysOf(cache)).toEqual([])
    await limiter.consume('ada', { cost: 2 })
    clock.advance('90s')
    const [key = ''] = await keysOf(cache)
    const state = await cache.store.get(key)
    const peeked = await limiter.peek('ada', { cost: 2 })
    expect(await cache.store.get(key)).toBe(state)
    expect(peeked).toMatchObject({ allowed: false, remaining: 1 })
    expect(await limiter.consume('ada', { cost: 2 })).toEqual(peeked)
  })

  it('forgets a key that is reset, and no other', async () => {
    const { limiter } = setUp({ limit: 1, window: '1m' })
    await limiter.consume('ada')
    await limiter.consume('bob')
    await limiter.reset('ada')
    expect((await limiter.consume('ada')).allowed).toBe(true)
    expect((await limiter.consume('bob')).allowed).toBe(false)
    await limiter.reset('nobody')
  })

  it('heals when the clock steps an hour back and forth', async () => {
    const { limiter, clock } = setUp({ limit: 2, window: '1m' })
    await limiter.consume('ada', { cost: 2 })
    clock.set(clock.now() - 60 * minute)
    const { retryAfterMs = 0, allowed } = await limiter.consume('ada')
    expect(allowed).toBe(false)
    expect(retryAfterMs).toBeLessThanOrEqual(2 * minute)
    clock.advance(retryAfterMs)
    expect((await limiter.consume('ada')).allowed).toBe(true)
    clock.advance('1h')
    expect((await limiter.consume('ada', { cost: 2 })).allowed).toBe(true)
  })

  it('forgets nothing of the window before when its own window turns', async () => {
    const { limiter, clock } = setUp({ limit: 10, window: '1m' })
    await limiter.consume('ada', { cost: 10 })
    clock.advance('1m')
    expect((await limiter.consume('ada')).allowed).toBe(false)
    clock.advance('30s')
    expect((await limiter.peek('ada')).remaining).toBe(5)
  })
})

describe('several policies', () => {
  const policies = [
    { name: 'burst', limit: 2, window: '1s' },
    { name: 'hourly', limit: 5, window: '1h' },
  ] as const

  it('take from all or from none', async () => {
    const { limiter, clock } = setUp({ policies })
    await limiter.consume('ada', { cost: 2 })
    const refused = await limiter.consume('ada')
    expect(refused).toMatchObject({ allowed: false, limit: 2, remaining: 0 })
    expect(refused.policies).toMatchObject([
      { name: 'burst', allowed: false, remaining: 0 },
      { name: 'hourly', allowed: true, remaining: 3, retryAfterMs: 0 },
    ])
    clock.advance('2s')
    expect((await limiter.peek('ada')).policies).toMatchObject([{ remaining: 2 }, { remaining: 3 }])
  })

  it('show the one with the least left, and of several refusals the longest', async () => {
    const { limiter, clock } = setUp({ policies })
    expect(await limiter.consume('ada')).toMatchObject({ limit: 2, remaining: 1 })
    await limiter.consume('ada')
    clock.advance('2s')
    await limiter.consume('ada', { cost: 2 })
    clock.advance('2s')
    expect(await limiter.consume('ada')).toMatchObject({ allowed: true, limit: 5, remaining: 0 })
    const refused = await limiter.consume('ada', { cost: 2 })
    expect(refused).toMatchObject({ allowed: false, limit: 5 })
    expect(refused.retryAfterMs).toBe(refused.policies[1]?.retryAfterMs)
    expect(refused.policies.map(({ allowed }) => allowed)).toEqual([false, false])
  })

  it('refuse for good what costs more than one of them holds', async () => {
    const { limiter } = setUp({ policies })
    const refused = await limiter.consume('ada', { cost: 3 })
    expect(refused).toMatchObject({ allowed: false, retryAfterMs: undefined, limit: 2 })
  })
})

describe('limiters on one cache', () => {
  it('share their counts under one name, in every process, whatever their limits', async () => {
    const { cache, limiter } = setUp({ name: 'api', limit: 2, window: '1m' })
    const other = createRateLimiter({ cache, name: 'api', limit: 3, window: '1m' })
    await limiter.consume('ada', { cost: 2 })
    expect((await other.consume('ada')).remaining).toBe(0)
  })

  it('are kept apart by their names, and without names by their limits', async () => {
    const { cache, limiter } = setUp({ limit: 2, window: '1m' })
    const others = [
      createRateLimiter({ cache, limit: 3, window: '1m' }),
      createRateLimiter({ cache, limit: 2, window: '2m' }),
      createRateLimiter({ cache, name: 'login', limit: 2, window: '1m' }),
      createRateLimiter({ cache, policies: [{ name: 'only', limit: 2, window: '1m' }] }),
    ]
    await limiter.consume('ada', { cost: 2 })
    const only = createRateLimiter({ cache, policies: [{ name: 'only', limit: 3, window: '1m' }] })
    await only.consume('ada')
    for (const other of others) {
      const { remaining, limit } = await other.peek('ada')
      expect(remaining).toBe(limit)
    }
    const same = createRateLimiter({ cache, limit: 2, window: '1m' })
    expect((await same.peek('ada')).remaining).toBe(0)
  })

  it('of different namespaces and tenants never meet', async () => {
    const { cache } = setUp({ limit: 1, window: '1m' })
    const of = (view: Cache) => createRateLimiter({ cache: view, limit: 1, window: '1m' })
    await of(cache).consume('ada')
    expect((await of(cache.namespace('eu')).consume('ada')).allowed).toBe(true)
    expect((await of(cache.tenant('acme')).consume('ada')).allowed).toBe(true)
  })

  it('survive the clearing of the cache', async () => {
    const { cache, limiter } = setUp({ limit: 1, window: '1m' })
    await limiter.consume('ada')
    await cache.clear()
    expect((await limiter.consume('ada')).allowed).toBe(false)
  })
})

async function untilRefused(consume: () => Promise<Decision>): Promise<Decision> {
  for (;;) {
    const decision = await consume()
    if (!decision.allowed) return decision
  }
}

async function keysOf(cache: Cache): Promise<string[]> {
  const keys: string[] = []
  for await (const batch of cache.store.scan('*')) keys.push(...batch.keys)
  return keys
}
