import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRateLimiter } from '../src/index.ts'
import { sharedMemory } from './shared-memory.ts'

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => vi.useRealTimers())

/** A limiter of 2 a minute on a shared store, whose clock and this process's go together. */
function setUp(options: { rememberRefusals?: number } = {}) {
  const shared = sharedMemory()
  const { cache, clock } = shared
  const limiter = createRateLimiter({
    cache,
    limit: 2,
    window: '1m',
    algorithm: 'sliding-log',
    ...options,
  })
  const pass = (ms: number) => {
    clock.advance(ms)
    vi.advanceTimersByTime(ms)
  }
  return { ...shared, limiter, pass }
}

describe('a refusal that is remembered', () => {
  it('costs no round trip, counts down, and ends when it would at the store', async () => {
    const { limiter, pass, asked } = setUp()
    await limiter.consume('ada', { cost: 2 })
    pass(57_000)
    expect(await limiter.consume('ada')).toMatchObject({ source: 'store', retryAfterMs: 3000 })
    const before = asked()
    pass(1000)
    expect(await limiter.consume('ada')).toMatchObject({
      allowed: false,
      granted: 0,
      source: 'memory',
      retryAfterMs: 2000,
      resetAfterMs: 2000,
      policies: [{ retryAfterMs: 2000, refillAfterMs: 2000 }],
    })
    pass(1999)
    expect(await limiter.consume('ada')).toMatchObject({ source: 'memory', retryAfterMs: 1 })
    expect(asked()).toBe(before)
    pass(1)
    expect(await limiter.consume('ada')).toMatchObject({ source: 'store', allowed: true })
    expect(limiter.stats()).toMatchObject({ refusedFromMemory: 2, rememberedRefusals: 1 })
  })

  it('is asked about again after five seconds, so that a reset elsewhere is seen', async () => {
    const { limiter, cache, pass } = setUp()
    const elsewhere = createRateLimiter({ cache, limit: 2, window: '1m', algorithm: 'sliding-log' })
    await limiter.consume('ada', { cost: 2 })
    await limiter.consume('ada')
    await elsewhere.reset('ada')
    pass(4999)
    expect(await limiter.consume('ada')).toMatchObject({ source: 'memory' })
    pass(1)
    expect(await limiter.consume('ada')).toMatchObject({ source: 'store', allowed: true })
  })

  it('refuses no smaller cost, no other key and no look', async () => {
    const { limiter } = setUp()
    await limiter.consume('ada')
    expect(await limiter.consume('ada', { cost: 2 })).toMatchObject({ allowed: false })
    expect(await limiter.consume('ada', { cost: 2 })).toMatchObject({ source: 'memory' })
    expect(await limiter.peek('ada', { cost: 2 })).toMatchObject({ source: 'store' })
    expect(await limiter.consume('bob', { cost: 2 })).toMatchObject({ allowed: true })
    expect(await limiter.consume('ada')).toMatchObject({ source: 'store', allowed: true })
    expect(await limiter.consume('ada', { cost: 0 })).toMatchObject({ source: 'store' })
  })

  it.each(['refund', 'reset', 'block'] as const)('is forgotten by a %s here', async (verb) => {
    const { limiter } = setUp()
    await limiter.consume('ada', { cost: 2 })
    await limiter.consume('ada')
    await (verb === 'block' ? limiter.block('ada', 0) : limiter[verb]('ada'))
    expect(await limiter.consume('ada')).toMatchObject({ source: 'store' })
  })

  it('is not kept when it was overtaken by a refund on its way', async () => {
    const { limiter, store } = setUp()
    await limiter.consume('ada', { cost: 2 })
    const { run } = store
    let refunding: Promise<unknown> | undefined
    // The refund is asked for while the refusal is on its way back.
    Object.assign(store, {
      async run(...args: Parameters<typeof run>) {
        const answer = await run(...args)
        if (args[0].name === 'rate-limiter.consume') {
          refunding ??= limiter.refund('ada')
          await Promise.resolve()
        }
        return answer
      },
    })
    expect(await limiter.consume('ada')).toMatchObject({ allowed: false })
    await refunding
    expect(await limiter.consume('ada')).toMatchObject({ allowed: true, source: 'store' })
  })

  it('keeps a block in mind', async () => {
    const { limiter, pass } = setUp()
    await limiter.block('ada', '2s')
    expect(await limiter.consume('ada')).toMatchObject({ source: 'store', blockedForMs: 2000 })
    pass(500)
    expect(await limiter.consume('ada')).toMatchObject({ source: 'memory', blockedForMs: 1500 })
    pass(1500)
    expect(await limiter.consume('ada')).toMatchObject({ allowed: true })
  })

  it('gives way to newer ones, and can be turned off', async () => {
    const { limiter } = setUp({ rememberRefusals: 3 })
    for (const key of ['a', 'b', 'c', 'd']) {
      await limiter.consume(key, { cost: 2 })
      await limiter.consume(key)
    }
    expect(limiter.stats().rememberedRefusals).toBe(3)
    expect(await limiter.consume('a')).toMatchObject({ source: 'store' })
    expect(await limiter.consume('d')).toMatchObject({ source: 'memory' })
    const none = setUp({ rememberRefusals: 0 })
    await none.limiter.consume('a', { cost: 2 })
    await none.limiter.consume('a')
    expect(await none.limiter.consume('a')).toMatchObject({ source: 'store', allowed: false })
  })
})
