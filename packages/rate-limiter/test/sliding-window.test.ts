import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { slidingWindow } from '../src/algorithms/sliding-window.ts'
import { drive } from './algorithm-driver.ts'

const windowMs = 60
const start = windowMs * 1_000_000

/** The definition, word by word: a list of what was taken, counted by aligned windows, in exact integers. */
function bruteForce(limit: number) {
  const taken: { atMs: number; cost: number }[] = []
  const countIn = (index: number): number =>
    taken.reduce(
      (sum, { atMs, cost }) => sum + (Math.floor(atMs / windowMs) === index ? cost : 0),
      0,
    )
  return {
    taken,
    fits(nowMs: number, cost: number): boolean {
      const index = Math.floor(nowMs / windowMs)
      const left = windowMs - (nowMs - index * windowMs)
      return countIn(index - 1) * left + (countIn(index) + cost) * windowMs <= limit * windowMs
    },
  }
}

const counter = (limit: number, length = windowMs) =>
  drive(slidingWindow, { limit, windowMs: length, burst: limit })

/** The first moment of the next two windows at which something holds. */
function firstMs(holds: (ms: number) => boolean): number {
  for (let ms = 0; ms <= 2 * windowMs; ms++) if (holds(ms)) return ms
  throw new Error('it never holds')
}

const schedule = fc.array(
  fc.record({
    waitMs: fc.oneof(fc.constantFrom(0, 0, 1, 59, 60, 61, 119, 120), fc.nat(150)),
    cost: fc.oneof(fc.constant(1), fc.nat(9)),
  }),
  { maxLength: 80 },
)
const limits = fc.integer({ min: 1, max: 8 })

describe('the sliding window counter', () => {
  it('admits exactly what its definition admits', () => {
    fc.assert(
      fc.property(limits, schedule, (limit, steps) => {
        const model = bruteForce(limit)
        const limiter = counter(limit)
        let nowMs = start
        for (const { waitMs, cost } of steps) {
          nowMs += waitMs
          const fits = cost === 0 || model.fits(nowMs, cost)
          expect(limiter.take(nowMs, cost).waitMs === 0).toBe(fits)
          if (fits) model.taken.push({ atMs: nowMs, cost })
        }
      }),
      { numRuns: 500 },
    )
  })

  it('never admits twice the limit in any trailing window, nor more than the limit in an aligned one', () => {
    fc.assert(
      fc.property(limits, schedule, (limit, steps) => {
        const limiter = counter(limit)
        const taken: { atMs: number; cost: number }[] = []
        let nowMs = start
        for (const { waitMs, cost } of steps) {
          nowMs += waitMs
          if (limiter.take(nowMs, cost).waitMs === 0) taken.push({ atMs: nowMs, cost })
          const sum = (from: number) =>
            taken.reduce((all, one) => all + (one.atMs >= from ? one.cost : 0), 0)
          expect(sum(nowMs - windowMs + 1)).toBeLessThan(2 * limit)
          expect(sum(nowMs - (nowMs % windowMs))).toBeLessThanOrEqual(limit)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('comes as near to twice the limit as its bound says', () => {
    const length = 6000
    const limiter = counter(100, length)
    const edge = length * 1000
    expect(limiter.take(edge - 1, 100).waitMs).toBe(0)
    let more = 0
    for (let nowMs = edge; nowMs < edge + length - 1; nowMs++) {
      if (limiter.take(nowMs, 1).waitMs === 0) more++
    }
    expect(100 + more).toBe(199)
  })

  it('tells exactly what is left and when there is more, by its definition', () => {
    fc.assert(
      fc.property(limits, schedule, (limit, steps) => {
        const model = bruteForce(limit)
        const limiter = counter(limit)
        let nowMs = start
        for (const { waitMs, cost } of steps) {
          nowMs += waitMs
          const leftAfter = (ms: number) => {
            let units = 0
            while (model.fits(nowMs + ms, units + 1)) units++
            return units
          }
          const wait = cost > limit ? -1 : firstMs((ms) => cost === 0 || leftAfter(ms) >= cost)
          expect(limiter.take(nowMs, cost).waitMs).toBe(wait)
          if (wait === 0) model.taken.push({ atMs: nowMs, cost })

          const left = leftAfter(0)
          const refillMs = left === limit ? 0 : firstMs((ms) => leftAfter(ms) > left)
          const resetMs = firstMs((ms) => leftAfter(ms) === limit)
          expect(limiter.look(nowMs, 0)).toMatchObject({ remaining: left, refillMs, resetMs })
        }
      }),
      { numRuns: 100 },
    )
  })

  it('counts exactly at the largest limits that are allowed', () => {
    const hour = 3_600_000
    const limit = Math.floor(Number.MAX_SAFE_INTEGER / hour)
    const nowMs = hour * 500_000
    const ask = (state: string | null, at: number, cost: number) =>
      slidingWindow.ask(state, { nowMs: at, limit, windowMs: hour, burst: limit, cost })
    const full = ask(null, nowMs, limit)
    expect(full).toMatchObject({ waitMs: 0, remaining: 0 })
    // One ms into the next window less than one unit in a million has gone.
    const { remaining } = ask(full.next, nowMs + hour + 1, 0)
    expect(remaining).toBe(Number((BigInt(limit) * 1n) / BigInt(hour)))
    expect(ask(full.next, nowMs + hour + 1, remaining).waitMs).toBe(0)
    expect(ask(full.next, nowMs + hour + 1, remaining + 1).waitMs).toBe(1)
  })

  it('neither forgets nor locks a client out when the clock jumps an hour', () => {
    const hour = 60 * windowMs
    const limiter = counter(5)
    for (let i = 0; i < 5; i++) expect(limiter.take(start + hour, 1).waitMs).toBe(0)

    const back = limiter.take(start, 1)
    expect(back.waitMs).toBeGreaterThan(0)
    expect(back.waitMs).toBeLessThanOrEqual(2 * windowMs)
    expect(limiter.take(start + back.waitMs, 1).waitMs).toBe(0)

    // Forward again: what was taken long ago by this clock is gone.
    expect(limiter.look(start + hour, 0).remaining).toBe(5)
  })

  it('does not take the window before for a past one when the clock steps back into it', () => {
    const limiter = counter(5)
    const last = start + windowMs - 1
    expect(limiter.take(last - windowMs + 1, 4).waitMs).toBe(0)
    expect(limiter.take(last + 2, 1).waitMs).toBe(0)
    // Five were taken in this window and the next: nothing is left of either.
    expect(limiter.look(last, 0)).toMatchObject({ remaining: 0, refillMs: 13 })
  })

  it('never admits more than the limit at a moment, whatever the clock does', () => {
    const jump = fc.constantFrom(0, 0, 0, 1, 30, 60, 61, 3600, -1, -59, -60, -61, -3600)
    fc.assert(
      fc.property(
        limits,
        fc.array(fc.tuple(jump, fc.nat(4)), { maxLength: 80 }),
        (limit, steps) => {
          const limiter = counter(limit)
          let nowMs = start
          let atOnce = 0
          for (const [jumpMs, cost] of steps) {
            nowMs += jumpMs
            // A step back is not time that passed: what was taken before it still counts.
            if (jumpMs > 0) atOnce = 0
            const { waitMs, remaining } = limiter.take(nowMs, cost)
            if (waitMs === 0) atOnce += cost
            expect(atOnce).toBeLessThanOrEqual(limit)
            expect(waitMs).toBeLessThanOrEqual(2 * windowMs)
            expect(remaining).toBeGreaterThanOrEqual(0)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('gives units back to the window that they were taken in, and to no other', () => {
    const limiter = counter(10)
    limiter.take(start, 6)
    const next = start + windowMs
    limiter.take(next, 2)

    // Of the window before, at full weight still.
    limiter.charge(next, -4, start + windowMs - 1)
    expect(limiter.look(next).remaining).toBe(6)
    limiter.charge(next, -1, next + windowMs - 1)
    expect(limiter.look(next).remaining).toBe(7)
    limiter.charge(next, -1, start - 1)
    limiter.charge(next, -1, next + windowMs)
    expect(limiter.look(next).remaining).toBe(7)
  })

  it('lets units that were taken ahead be spent until the window ends', () => {
    const limiter = counter(10)
    limiter.take(start - 1, 3)
    const answer = limiter.take(start + 20, 5)
    expect(slidingWindow.holdMs?.(answer, windowMs)).toBe(windowMs - 20)
  })
})
