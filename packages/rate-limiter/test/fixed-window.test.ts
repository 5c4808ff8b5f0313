import { describe, expect, it } from 'vitest'
import { fixedWindow } from '../src/algorithms/fixed-window.ts'
import { drive } from './algorithm-driver.ts'

const windowMs = 60_000
const start = 1_757_000_012_345
const counter = (limit: number) => drive(fixedWindow, { limit, windowMs, burst: limit })

describe('the fixed window', () => {
  it('begins with the first unit that is taken, and not with a question or a refusal', () => {
    const limiter = counter(3)
    limiter.take(start, 0)
    limiter.take(start, 4)
    expect(limiter.state).toBeNull()

    limiter.take(start + 10, 1)
    expect(limiter.take(start + 20, 3).waitMs).toBe(windowMs - 10)
    expect(limiter.look(start + 20)).toMatchObject({ remaining: 2, resetMs: windowMs - 10 })
    expect(limiter.look(start + 10 + windowMs)).toMatchObject({ remaining: 3, next: null })
  })

  it('begins with the first unit by a clock that begins at 0, too', () => {
    const limiter = counter(3)
    limiter.take(10, 1)
    expect(limiter.look(10).resetMs).toBe(windowMs)
  })

  it('admits nearly twice its limit within one ms across the edge, as its bound says', () => {
    const limiter = counter(100)
    limiter.take(start, 1)
    expect(limiter.take(start + windowMs - 1, 99).waitMs).toBe(0)
    expect(limiter.take(start + windowMs, 100).waitMs).toBe(0)
    expect(limiter.take(start + windowMs, 1).waitMs).toBe(windowMs)
  })

  it('reaches twice its limit once the first unit of a window was given back', () => {
    const limiter = counter(100)
    limiter.take(start, 1)
    limiter.take(start + windowMs - 1, 99)
    limiter.charge(start + windowMs - 1, -1, start)
    expect(limiter.take(start + windowMs - 1, 1).waitMs).toBe(0)
    expect(limiter.take(start + windowMs, 100).waitMs).toBe(0)
  })

  it('gives units back to the window that runs, and to no other', () => {
    const limiter = counter(5)
    limiter.take(start, 3)
    const next = start + windowMs
    limiter.take(next, 3)
    limiter.charge(next + 1, -2, next - 1)
    expect(limiter.look(next + 1).remaining).toBe(2)
    limiter.charge(next + 1, -2, next)
    expect(limiter.look(next + 1).remaining).toBe(4)
  })

  it('begins anew after everything was given back', () => {
    const limiter = counter(5)
    limiter.take(start, 3)
    limiter.charge(start + 10, -9, start)
    expect(limiter.state).toBeNull()
    limiter.take(start + 20, 1)
    expect(limiter.look(start + 20).resetMs).toBe(windowMs)
  })

  it('lets units that were taken ahead be spent until the window ends', () => {
    const limiter = counter(5)
    limiter.take(start, 1)
    expect(fixedWindow.holdMs?.(limiter.take(start + 20, 3), windowMs)).toBe(windowMs - 20)
  })

  it('counts a window that has not begun as begun now', () => {
    const limiter = counter(5)
    limiter.take(start + 1000, 5)
    expect(limiter.take(start, 1).waitMs).toBe(windowMs)
    // The refusal was written down: time runs from there.
    expect(limiter.take(start + 1000, 1).waitMs).toBe(windowMs - 1000)
  })
})
