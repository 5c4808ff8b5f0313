import { createCache, KeyError, OptionError } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, type AlgorithmName, type RateLimiterOptions } from '../src/index.ts'

const algorithms: readonly AlgorithmName[] = [
  'sliding-window',
  'fixed-window',
  'sliding-log',
  'token-bucket',
]

function setUp(options: RateLimiterOptions) {
  const clock = manualClock()
  const store = memoryStore({ clock })
  const cache = createCache({ store })
  const keys = async () => {
    const found: string[] = []
    for await (const batch of store.scan('*')) found.push(...batch.keys)
    return found
  }
  return { clock, cache, keys, limiter: createRateLimiter({ cache, ...options }) }
}

describe.each(algorithms)('with %s', (algorithm) => {
  const ten = { limit: 10, window: '1m', algorithm } as const

  it('a refund gives back what was taken, and never more', async () => {
    const { limiter } = setUp(ten)
    await limiter.consume('ada', { cost: 4 })
    expect(await limiter.refund('ada', { cost: 3 })).toMatchObject({ remaining: 9 })
    expect(await limiter.refund('ada', { cost: 9 })).toMatchObject({ remaining: 10 })
  })

  it('a refund of a key that took nothing leaves no trace', async () => {
    const { limiter, clock, keys } = setUp(ten)
    const decision = await limiter.consume('ada')
    clock.advance('1h')
    expect(await limiter.refund('ada', { of: decision })).toMatchObject({ remaining: 10 })
    expect(await limiter.refund('bob')).toMatchObject({ remaining: 10 })
    expect(await keys()).toEqual([])
  })

  it('a refund of a decision that is over gives nothing of later ones back', async () => {
    const { limiter, clock } = setUp(ten)
    const old = await limiter.consume('ada', { cost: 5 })
    clock.advance('10m')
    await limiter.consume('ada', { cost: 5 })
    expect(await limiter.refund('ada', { of: old })).toMatchObject({ remaining: 5 })
  })

  it('a refusal has nothing to be given back', async () => {
    const { limiter } = setUp(ten)
    await limiter.consume('ada', { cost: 9 })
    const refused = await limiter.consume('ada', { cost: 2 })
    expect(refused).toMatchObject({ allowed: false, granted: 0 })
    expect(await limiter.refund('ada', { of: refused })).toMatchObject({ remaining: 1 })
  })

  it('a penalty takes without asking, until nothing is left', async () => {
    const { limiter } = setUp(ten)
    expect(await limiter.penalize('ada', { cost: 4 })).toMatchObject({ remaining: 6 })
    expect(await limiter.penalize('ada', { cost: 40 })).toMatchObject({ remaining: 0 })
    expect(await limiter.consume('ada')).toMatchObject({ allowed: false })
  })

  it('takes as many as there are when asked for a part', async () => {
    const { limiter } = setUp({ ...ten, policies: undefined })
    await limiter.consume('ada', { cost: 7 })
    const part = await limiter.consume('ada', { cost: 20, partial: true })
    expect(part).toMatchObject({ allowed: true, granted: 3, remaining: 0 })
    const none = await limiter.consume('ada', { cost: 20, partial: true })
    expect(none).toMatchObject({ allowed: false, granted: 0 })
  })

  it('leaves no key behind that does not expire', async () => {
    const { limiter, clock, keys } = setUp(ten)
    for (let at = 0; at < 30; at++) {
      await limiter.consume(`user ${at % 3}`, { cost: at % 4 })
      await limiter.penalize(`user ${at % 5}`)
      await limiter.refund(`user ${at % 7}`, { cost: 2 })
      await limiter.block(`user ${at % 3}`, at % 2 === 0 ? '3s' : 0)
    }
    expect(await keys()).not.toEqual([])
    clock.advance('10m')
    expect(await keys()).toEqual([])
  })
})

describe('several policies', () => {
  const policies = [
    { name: 'burst', limit: 3, window: '1s' },
    { name: 'daily', limit: 5, window: '1d', algorithm: 'fixed-window' },
    { name: 'even', limit: 60, window: '1m', algorithm: 'token-bucket', burst: 4 },
  ] as const

  it('of several algorithms take all or nothing, in one step', async () => {
    const { limiter, clock } = setUp({ policies })
    expect(await limiter.consume('ada', { cost: 3 })).toMatchObject({ allowed: true })
    clock.advance('2s')
    const refused = await limiter.consume('ada', { cost: 3 })
    expect(
      refused.policies.map(({ name, allowed, remaining }) => [name, allowed, remaining]),
    ).toEqual([
      ['burst', true, 3],
      ['daily', false, 2],
      ['even', true, 3],
    ])
  })

  it('grant in part what the one with the least has left', async () => {
    const { limiter } = setUp({ policies })
    expect(await limiter.consume('ada', { cost: 9, partial: true })).toMatchObject({ granted: 3 })
  })

  it('are refunded together', async () => {
    const { limiter } = setUp({ policies })
    const decision = await limiter.consume('ada', { cost: 3 })
    const { policies: after } = await limiter.refund('ada', { of: decision })
    expect(after.map(({ remaining }) => remaining)).toEqual([3, 5, 4])
  })
})

describe('a block', () => {
  const five = { limit: 5, window: '1m' } as const

  it('refuses for as long as it says, whatever is left, and tells for how long', async () => {
    const { limiter, clock } = setUp(five)
    expect(await limiter.block('ada', '10m')).toMatchObject({ allowed: false, remaining: 5 })
    clock.advance('9m')
    const refused = await limiter.consume('ada')
    expect(refused).toMatchObject({ allowed: false, blockedForMs: 60_000, retryAfterMs: 60_000 })
    expect(refused.remaining).toBe(5)
    clock.advance('1m')
    expect(await limiter.consume('ada')).toMatchObject({ allowed: true, blockedForMs: 0 })
  })

  it('is lifted by 0 and by a reset, and concerns no other key or limiter', async () => {
    const { limiter, cache } = setUp({ ...five, name: 'api' })
    const other = createRateLimiter({ cache, ...five, name: 'other' })
    await limiter.block('ada', '10m')
    expect(await limiter.consume('bob')).toMatchObject({ allowed: true })
    expect(await other.consume('ada')).toMatchObject({ allowed: true })
    await limiter.block('ada', 0)
    expect(await limiter.consume('ada')).toMatchObject({ allowed: true })
    await limiter.block('ada', '10m')
    await limiter.reset('ada')
    expect(await limiter.peek('ada')).toMatchObject({ allowed: true, remaining: 5 })
  })

  it('survives a clock that steps back an hour, for as long as it was to last', async () => {
    const { limiter, clock } = setUp(five)
    await limiter.block('ada', '10m')
    clock.set(clock.now() - 3_600_000)
    expect((await limiter.peek('ada')).allowed).toBe(false)
  })
})

describe('a reset by beginning', () => {
  it('forgets the keys of this limiter that begin so, and no others', async () => {
    const { limiter, cache } = setUp({ limit: 2, window: '1m', name: 'api' })
    const other = createRateLimiter({ cache, limit: 2, window: '1m', name: 'other' })
    const all = ['user:1', 'user:2', 'user:{odd}*', 'admin:1', 'user']
    for (const key of all) {
      await limiter.consume(key)
      await other.consume(key)
    }
    await limiter.resetMatching('user:')
    const left = async (one: typeof limiter) =>
      Promise.all(all.map(async (key) => (await one.peek(key)).remaining))
    expect(await left(limiter)).toEqual([2, 2, 2, 1, 1])
    expect(await left(other)).toEqual([1, 1, 1, 1, 1])
    await limiter.resetMatching('user:{odd}*')
    await expect(limiter.resetMatching('')).rejects.toThrow(KeyError)
  })
})

describe('no limit', () => {
  it('lets everything pass and keeps nothing', async () => {
    const { limiter, keys } = setUp({ limit: Infinity, window: '1m' })
    const decision = await limiter.consume('ada', { cost: 1000 })
    expect(decision).toMatchObject({ allowed: true, granted: 1000, limit: Infinity, policies: [] })
    expect(await limiter.penalize('ada')).toMatchObject({ allowed: true })
    expect(await keys()).toEqual([])
  })
})

describe('options', () => {
  it.each([
    [{ algorithm: 'leaky' }, /"algorithm".*'sliding-window'.*got "leaky"/],
    [{ burst: 5 }, /"burst" goes with algorithm: 'token-bucket'/],
    [{ algorithm: 'token-bucket', burst: 0 }, /"burst".*at least 1/],
    [{ algorithm: 'sliding-log', limit: 1001 }, /at most 1000.*sliding-log/],
    [{ algorithm: 'token-bucket', window: '1y', burst: 2 ** 52 }, /counted exactly/],
    [{ lease: 10, algorithm: 'sliding-log' }, /"lease" cannot go with algorithm: 'sliding-log'/],
    [{ lease: 0 }, /"lease".*at least 1/],
    [{ rememberRefusals: -1 }, /"rememberRefusals".*at least 0/],
    [{ maxWaiting: 1.5 }, /"maxWaiting"/],
  ])('%j are refused by name', (wrong, message) => {
    const cache = createCache({ store: { ...memoryStore(), shared: true } })
    const make = () =>
      createRateLimiter({ cache, limit: 5, window: '1m', ...wrong } as RateLimiterOptions)
    expect(make).toThrow(OptionError)
    expect(make).toThrow(message)
  })

  it('an amount, a wait or a block that cannot be meant is refused before anything changes', async () => {
    const { limiter, keys } = setUp({ limit: 5, window: '1m' })
    await expect(limiter.refund('ada', { cost: -1 })).rejects.toThrow(OptionError)
    await expect(limiter.penalize('ada', { cost: 1.5 })).rejects.toThrow(OptionError)
    await expect(limiter.block('ada', -5)).rejects.toThrow(OptionError)
    await expect(limiter.wait('ada', { maxWait: 'soon' as '1s' })).rejects.toThrow(OptionError)
    expect(await keys()).toEqual([])
  })
})
