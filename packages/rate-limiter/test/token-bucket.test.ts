import { describe, expect, it } from 'vitest'
import { never } from '../src/algorithms/algorithm.ts'
import { bucketFits, tokenBucket } from '../src/algorithms/token-bucket.ts'
import { drive } from './algorithm-driver.ts'

const start = 1_757_000_012_345
const minuteMs = 60_000

describe('the token bucket', () => {
  it('answers as the table says that redis-cell and throttled publish', () => {
    // Five units at once, one a second: when, quantity -> limited, remaining, retry after, reset after.
    const table = [
      [0, 6, true, 5, never, 0],
      [0, 1, false, 4, 0, 1000],
      [0, 1, false, 3, 0, 2000],
      [0, 1, false, 2, 0, 3000],
      [0, 1, false, 1, 0, 4000],
      [0, 1, false, 0, 0, 5000],
      [0, 1, true, 0, 1000, 5000],
      [3000, 1, false, 2, 0, 3000],
      [3100, 1, false, 1, 0, 3900],
      [4000, 1, false, 1, 0, 4000],
      [8000, 1, false, 4, 0, 1000],
      [9500, 1, false, 4, 0, 1000],
      [9500, 0, false, 4, 0, 1000],
      [9500, 2, false, 2, 0, 3000],
      [9500, 5, true, 2, 3000, 3000],
      [15_000, 6, true, 5, never, 0],
    ] as const
    const bucket = drive(tokenBucket, { limit: 1, windowMs: 1000, burst: 5 })
    const rows = table.map(([atMs, quantity]) => {
      const { waitMs, remaining, resetMs } = bucket.take(start + atMs, quantity)
      return [atMs, quantity, waitMs !== 0, remaining, waitMs, resetMs]
    })
    expect(rows).toEqual(table)
  })

  it('answers as the example of redis-cell: 30 in 60 seconds, 15 more than one at once', () => {
    const bucket = drive(tokenBucket, { limit: 30, windowMs: minuteMs, burst: 16 })
    expect(bucket.take(start, 1)).toMatchObject({ waitMs: 0, remaining: 15, resetMs: 2000 })
    expect(bucket.take(start, 15)).toMatchObject({ waitMs: 0, remaining: 0, resetMs: 32_000 })
    expect(bucket.take(start, 1)).toMatchObject({ waitMs: 2000, remaining: 0, resetMs: 32_000 })
  })

  it('admits less than burst and limit in a trailing window, and comes near to it', () => {
    const bucket = drive(tokenBucket, { limit: 100, windowMs: minuteMs, burst: 20 })
    let passed = 0
    for (let ms = 0; ms < minuteMs; ms++) if (bucket.take(start + ms, 1).waitMs === 0) passed++
    expect(passed).toBe(119)
  })

  it.each([
    [100, minuteMs, 100_000],
    [7, 1000, 6999],
    [10_000, 1000, 10_000_000],
    [700_000, 1000, 500_000_000],
  ])(
    'admits no more than %i in %i ms over long times, and hardly less',
    (limit, windowMs, most) => {
      const windows = 1000
      const bucket = drive(tokenBucket, { limit, windowMs, burst: limit })
      bucket.take(start, limit)
      let passed = 0
      for (let ms = windowMs / 2; ms <= windows * windowMs; ms += windowMs / 2) {
        const { remaining } = bucket.look(start + ms)
        bucket.take(start + ms, remaining)
        passed += remaining
      }
      expect(passed).toBeLessThanOrEqual(limit * windows)
      expect(passed).toBe(most)
    },
  )

  it('keeps requests apart with a burst of one', () => {
    const bucket = drive(tokenBucket, { limit: 60, windowMs: minuteMs, burst: 1 })
    expect(bucket.take(start, 1).waitMs).toBe(0)
    expect(bucket.take(start + 999, 1).waitMs).toBe(1)
    expect(bucket.take(start + 1000, 1).waitMs).toBe(0)
    expect(bucket.look(start + 5000, 2).waitMs).toBe(never)
  })

  it('loses no unit to rounding, whenever it begins', () => {
    for (let ms = 0; ms < 1000; ms++) {
      const bucket = drive(tokenBucket, { limit: 3, windowMs: 1000, burst: 10 })
      expect(bucket.take(start + ms * 7919, 10)).toMatchObject({ waitMs: 0, remaining: 0 })
    }
  })

  it('writes down that it is empty when the clock falls back, and fills from then on', () => {
    const bucket = drive(tokenBucket, { limit: 1, windowMs: 1000, burst: 5 })
    bucket.take(start + 3_600_000, 5)
    expect(bucket.take(start, 1).waitMs).toBe(1000)
    expect(bucket.take(start + 1000, 1).waitMs).toBe(0)
  })

  it('gives back no more than can be missing of what was taken then', () => {
    const bucket = drive(tokenBucket, { limit: 1, windowMs: 1000, burst: 5 })
    bucket.take(start, 5)
    bucket.take(start + 4000, 4)
    // Of the five taken at the start one has not flowed back yet.
    bucket.charge(start + 4000, -5, start)
    expect(bucket.look(start + 4000).remaining).toBe(1)
    bucket.charge(start + 4000, -9, start + 4000)
    expect(bucket.state).toBeNull()
  })

  it('has no units that could be taken ahead: a burst could follow them', () => {
    expect(tokenBucket.holdMs).toBeUndefined()
  })

  it('is counted exactly as far as bucketFits says', () => {
    const centuryMs = 100 * 365.25 * 24 * 3_600_000
    expect(bucketFits(1, centuryMs, 1)).toBe(true)
    expect(bucketFits(1, centuryMs, 2)).toBe(false)
    expect(bucketFits(1_000_000, minuteMs, 2 ** 52 / 60)).toBe(true)
    expect(bucketFits(1_000_000, minuteMs, 2 ** 52 / 60 + 1)).toBe(false)

    const [limit, windowMs] = [1_000_000, minuteMs]
    const burst = Math.floor(2 ** 52 / 60)
    const bucket = drive(tokenBucket, { limit, windowMs, burst })
    bucket.take(start, burst - 1)
    expect(bucket.look(start).remaining).toBe(1)
    expect(bucket.state).toBe(String(BigInt(start) * 1000n + BigInt(burst - 1) * 60n))
    expect(bucket.take(start, 2).waitMs).toBe(1)
  })
})
