import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { flakyStore, manualFaults } from '@sluice/core/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRateLimiter } from '../src/index.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** Two units a second, evenly: the third caller waits half a second. */
function setUp(options: { maxWaiting?: number } = {}) {
  // The store sweeps by a timer of its own.
  const cache = createCache()
  const limiter = createRateLimiter({
    cache,
    limit: 2,
    window: '1s',
    algorithm: 'token-bucket',
    burst: 1,
    ...options,
  })
  const timers = vi.getTimerCount()
  const served: string[] = []
  const start = (name: string, how: Parameters<typeof limiter.wait>[1] = {}) => {
    const waiting = limiter.wait('ada', how)
    waiting.then(
      ({ allowed }) => served.push(`${name} ${allowed ? 'passes' : 'refused'}`),
      (error: Error) => served.push(`${name} ${error.name}`),
    )
    return waiting
  }
  /** Timers of callers that wait. */
  const pending = () => vi.getTimerCount() - timers
  return { limiter, served, start, pending }
}

describe('callers that wait', () => {
  it('are served in the order in which they came, as units come in', async () => {
    const { served, start, pending } = setUp()
    for (const name of ['a', 'b', 'c', 'd']) void start(name)
    await vi.advanceTimersByTimeAsync(1)
    expect(served).toEqual(['a passes'])
    await vi.advanceTimersByTimeAsync(500)
    expect(served).toEqual(['a passes', 'b passes'])
    await vi.advanceTimersByTimeAsync(1000)
    expect(served).toEqual(['a passes', 'b passes', 'c passes', 'd passes'])
    expect(pending()).toBe(0)
  })

  it('do not wait for what would come too late', async () => {
    const { served, start, pending } = setUp()
    void start('a')
    const late = start('b', { maxWait: 400 })
    expect(await late).toMatchObject({ allowed: false, retryAfterMs: 500 })
    void start('c', { cost: 7 })
    await vi.advanceTimersByTimeAsync(1)
    expect(served).toEqual(['a passes', 'b refused', 'c refused'])
    expect(pending()).toBe(0)
  })

  it('give up when their time is over, and let nobody overtake those before them', async () => {
    const { served, start } = setUp()
    void start('a')
    void start('b')
    void start('c', { maxWait: 100 })
    void start('d')
    await vi.advanceTimersByTimeAsync(101)
    expect(served).toEqual(['a passes', 'c refused'])
    await vi.advanceTimersByTimeAsync(1000)
    expect(served).toEqual(['a passes', 'c refused', 'b passes', 'd passes'])
  })

  it('end by a signal, and take nothing', async () => {
    const { limiter, served, start, pending } = setUp()
    const controller = new AbortController()
    void start('a')
    start('b', { signal: controller.signal }).catch(() => undefined)
    start('c', { signal: controller.signal }).catch(() => undefined)
    void start('d')
    await vi.advanceTimersByTimeAsync(100)
    controller.abort()
    await vi.advanceTimersByTimeAsync(400)
    expect(served).toEqual(['a passes', 'c AbortError', 'b AbortError', 'd passes'])
    await expect(limiter.wait('ada', { signal: controller.signal })).rejects.toThrow('aborted')
    expect(pending()).toBe(0)
  })

  it('are not more than the limiter takes', async () => {
    const { limiter, start } = setUp({ maxWaiting: 2 })
    void start('a')
    void start('b')
    await expect(limiter.wait('ada')).rejects.toMatchObject({
      code: 'SLUICE_QUEUE_FULL',
      status: 503,
    })
    expect(await limiter.wait('bob')).toMatchObject({ allowed: true })
    await vi.advanceTimersByTimeAsync(600)
    expect(await limiter.wait('eve')).toMatchObject({ allowed: true })
  })
})

it('a caller that goes while the limiter is asked waits no longer, and takes nothing later', async () => {
  const faults = manualFaults()
  const cache = createCache({ store: flakyStore(memoryStore(), faults) })
  const limiter = createRateLimiter({ cache, limit: 1, window: '1s', algorithm: 'fixed-window' })
  await limiter.consume('ada')
  const letGo = faults.hold({ on: 'rate-limiter.consume' })
  const leaving = new AbortController()
  const waiting = limiter.wait('ada', { signal: leaving.signal })
  const outcome = waiting.catch((error: Error) => error.message)
  await vi.advanceTimersByTimeAsync(1)
  expect(faults.held).toBe(1)
  leaving.abort(new Error('gone'))
  letGo()
  await vi.advanceTimersByTimeAsync(1)
  expect(await outcome).toBe('gone')
  await vi.advanceTimersByTimeAsync(2000)
  expect(await limiter.consume('ada')).toMatchObject({ allowed: true })
})
