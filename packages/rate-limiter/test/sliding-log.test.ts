import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { slidingLog } from '../src/algorithms/sliding-log.ts'
import { drive } from './algorithm-driver.ts'

const windowMs = 60_000
const start = 1_757_000_012_345
const counter = (limit: number) => drive(slidingLog, { limit, windowMs, burst: limit })

describe('the sliding log', () => {
  it('is exact: it admits the limit in every trailing window, and refuses nothing that one has room for', () => {
    const pauses = fc.array(fc.nat(windowMs / 4), { minLength: 1, maxLength: 60 })
    const property = fc.property(fc.integer({ min: 1, max: 9 }), pauses, (limit, steps) => {
      const limiter = counter(limit)
      const taken: number[] = []
      let nowMs = start
      for (const pauseMs of steps) {
        nowMs += pauseMs
        const counting = taken.filter((atMs) => atMs > nowMs - windowMs).length
        const passed = limiter.take(nowMs, 1).waitMs === 0
        expect(passed).toBe(counting < limit)
        if (passed) taken.push(nowMs)
      }
    })
    fc.assert(property, { numRuns: 300 })
  })

  it('counts a unit for one window, to the ms', () => {
    const limiter = counter(1)
    limiter.take(start, 1)
    expect(limiter.take(start + windowMs - 1, 1).waitMs).toBe(1)
    expect(limiter.take(start + windowMs, 1).waitMs).toBe(0)
  })

  it('waits for as many of the oldest entries as the cost needs', () => {
    const limiter = counter(10)
    for (const units of [4, 3, 3]) limiter.take(start + units * -100, units)
    expect(limiter.look(start, 1).waitMs).toBe(windowMs - 400)
    expect(limiter.look(start, 4).waitMs).toBe(windowMs - 400)
    expect(limiter.look(start, 5).waitMs).toBe(windowMs - 300)
    expect(limiter.look(start, 10).waitMs).toBe(windowMs - 300)
  })

  it('gives units back to the entries of their own ms', () => {
    const limiter = counter(10)
    limiter.take(start, 4)
    limiter.take(start + 100, 2)
    limiter.take(start + 100, 1)
    limiter.take(start + 200, 3)

    limiter.charge(start + 300, -9, start + 99)
    expect(limiter.look(start + 300).remaining).toBe(0)
    limiter.charge(start + 300, -9, start + 100)
    expect(limiter.look(start + 300).remaining).toBe(3)
    // The others are where they were.
    expect(limiter.look(start + windowMs).remaining).toBe(7)
    expect(limiter.look(start + windowMs + 199).resetMs).toBe(1)
  })

  it('gives the newest units back when it is not known when they were taken', () => {
    const limiter = counter(10)
    limiter.take(start, 4)
    limiter.take(start + 100, 3)
    limiter.charge(start + 200, -5)
    expect(limiter.look(start + 200)).toMatchObject({ remaining: 8, resetMs: windowMs - 200 })
  })

  it('counts entries of a time that has not come as taken now', () => {
    const limiter = counter(3)
    for (const ms of [0, 100, 200]) limiter.take(start + ms, 1)
    expect(limiter.take(start + 50, 1).waitMs).toBe(windowMs - 50)
    expect(limiter.look(start + windowMs).remaining).toBe(1)
    expect(limiter.look(start + windowMs + 50).remaining).toBe(3)
  })

  it('keeps a thousand entries in a few kilobytes, and drops them as they pass', () => {
    const limiter = counter(1000)
    for (let at = 0; at < 1000; at++) limiter.take(start + at * 50, 1)
    expect(limiter.look(start + 50_000).remaining).toBe(0)
    expect(limiter.state?.length).toBeLessThan(6000)

    const later = start + windowMs + 990 * 50
    limiter.take(later, 1)
    expect(limiter.look(later).remaining).toBe(990)
    expect(limiter.state?.length).toBeLessThan(100)
  })

  it('has no units that could be taken ahead: each counts from its own moment', () => {
    expect(slidingLog.holdMs).toBeUndefined()
  })

  it('takes a text that breaks off or contradicts itself for none, or for less than it says', () => {
    const question = { nowMs: start, limit: 3, windowMs, burst: 3, cost: 1 }
    const texts = [
      `3 ${start} `,
      `3 ${start} ${start}`,
      `3 ${start} ${start} x`,
      `0 ${start} ${start} 2`,
      `2 ${start - 10} ${start} 2`,
      `2 ${start} 1 2`,
    ]
    for (const text of texts) {
      expect(slidingLog.ask(text, question)).toEqual(slidingLog.ask(null, question))
    }
    const broken = `3 ${start} ${start - 5} 1 x`
    expect(slidingLog.ask(broken, question)).toMatchObject({ waitMs: windowMs - 5 })
    const change = { nowMs: start, limit: 3, windowMs, burst: 3, units: -1, takenAtMs: start }
    expect(slidingLog.charge(broken, change)).toBeNull()
  })
})
