import { describe, expect, it } from 'vitest'
import { createEntry } from '../src/entry.ts'
import { isDueEarly, smoothedLoadMs } from '../src/early-refresh.ts'
import { createBench, createGate, recordFailures, turns } from './fixtures.ts'

/** The draw for which the exponential with mean 1 gives `x`. */
const draw = (x: number) => 1 - Math.exp(-x)

describe('an entry with a ttl of 60 s and a load of 200 ms', () => {
  const entryOf = (loadMs: number) => createEntry({ value: 1, nowMs: 0, ttlMs: 60_000, loadMs })
  const dueFrom = (random: number, beta = 1, loadMs = 200) =>
    [60_000, 59_900, 59_800, 59_400, 30_000, 29_999].filter((nowMs) =>
      isDueEarly(entryOf(loadMs), { early: 'xfetch', beta }, nowMs, () => random),
    )

  it('is due early by load time times the draw', () => {
    expect(dueFrom(draw(0))).toEqual([60_000])
    expect(dueFrom(draw(0.51))).toEqual([60_000, 59_900])
    expect(dueFrom(draw(1.01))).toEqual([60_000, 59_900, 59_800])
    expect(dueFrom(draw(3.01))).toEqual([60_000, 59_900, 59_800, 59_400])
  })
  it('is due earlier with a larger beta', () => {
    expect(dueFrom(draw(1.01), 0.5)).toEqual([60_000, 59_900])
    expect(dueFrom(draw(1.01), 3)).toEqual([60_000, 59_900, 59_800, 59_400])
  })
  it('is never due in the first half of its life, whatever the draw', () => {
    expect(dueFrom(1 - Number.EPSILON, 1e6)).toEqual([60_000, 59_900, 59_800, 59_400, 30_000])
    expect(dueFrom(1 - Number.EPSILON, 1, 1e9)).not.toContain(29_999)
  })
  it('is due after a part of its ttl, or never, where the policy says so', () => {
    const due = (early: number | false, nowMs: number) =>
      isDueEarly(entryOf(200), { early, beta: 1 }, nowMs, () => 0.999)
    expect([due(0.8, 47_999), due(0.8, 48_000)]).toEqual([false, true])
    expect([due(false, 59_999), due(false, 60_000)]).toEqual([false, true])
  })
})

describe('the load time', () => {
  it('rises at once, falls slowly and is at least 1 ms', () => {
    expect(smoothedLoadMs(200, undefined)).toBe(200)
    expect(smoothedLoadMs(400, 200)).toBe(400)
    expect(smoothedLoadMs(100, 200)).toBe(170)
    expect(smoothedLoadMs(0, undefined)).toBe(1)
  })
  it('is measured, smoothed and kept with the value', async () => {
    const { guard, cache, clock } = createBench({ random: () => draw(1000) })
    const taking = (ms: number) => () => {
      clock.advance(ms)
      return ms
    }
    await guard.get('a', taking(200))
    expect(await cache.get('a')).toMatchObject({ loadMs: 200 })
    clock.advance(59_000)
    await guard.get('a', taking(100))
    await turns()
    expect(await cache.get('a')).toMatchObject({ value: 100, loadMs: 170 })
  })
  it('of a value that was set is that of the latest load', async () => {
    const { guard, cache, clock } = createBench()
    await guard.get('a', () => clock.advance(300))
    await guard.set('b', 1)
    expect(await cache.get('b')).toMatchObject({ loadMs: 300 })
  })
})

/** A bench whose entry took 200 ms and is due 300 ms before its end. */
async function nearTheEnd() {
  const bench = createBench({ ttl: '1m', random: () => draw(1.5) })
  await bench.guard.get('a', () => {
    bench.clock.advance(200)
    return 'old'
  })
  bench.clock.advance(59_699)
  return bench
}

describe('a refresh in the background', () => {
  it('starts at the drawn time and not before', async () => {
    const { guard, clock } = await nearTheEnd()
    const gate = createGate<string>()
    await guard.get('a', gate.load)
    await turns()
    expect(gate.calls()).toBe(0)
    clock.advance(1)
    await guard.get('a', gate.load)
    await turns()
    expect(gate.calls()).toBe(1)
  })
  it('blocks nobody, runs once, and its value replaces the old one for a whole ttl', async () => {
    const { guard, clock, cache } = await nearTheEnd()
    clock.advance(1)
    const gate = createGate<string>()
    for (let hit = 0; hit < 5; hit++) {
      expect(await guard.get('a', gate.load)).toBe('old')
      await turns()
    }
    expect(gate.calls()).toBe(1)
    gate.open('new')
    await turns()
    expect(await cache.ttl('a')).toBe(60_000)
    expect(await guard.get('a', gate.load)).toBe('new')
  })
  it('is joined, not repeated, by callers who find the entry expired', async () => {
    const { guard, clock } = await nearTheEnd()
    clock.advance(1)
    const gate = createGate<string>()
    await guard.get('a', gate.load)
    await turns()
    clock.advance('1s')
    const callers = [guard.get('a', gate.load), guard.get('a', gate.load)]
    await turns()
    gate.open('new')
    expect(await Promise.all(callers)).toEqual(['new', 'new'])
    expect(gate.calls()).toBe(1)
  })
  it('that fails is reported, and the old value is served until its ttl', async () => {
    const failures = recordFailures()
    const { guard, clock } = await nearTheEnd()
    clock.advance(1)
    const failure = new Error('source is down')
    const failing = (): Promise<string> => Promise.reject(failure)
    expect(await guard.get('a', failing)).toBe('old')
    await turns()
    expect(failures).toEqual([{ verb: 'refresh', instead: 'keep', error: failure }])
    clock.advance(299)
    expect(await guard.get('a', failing)).toBe('old')
    await turns()
    clock.advance(1)
    await expect(guard.get('a', failing)).rejects.toBe(failure)
  })
  it('that finds nothing leaves the old value until its ttl', async () => {
    const { guard, clock } = await nearTheEnd()
    clock.advance(1)
    const none = (): string | undefined => undefined
    expect(await guard.get('a', none)).toBe('old')
    await turns()
    expect(await guard.get('a', none)).toBe('old')
    clock.advance(300)
    expect(await guard.get('a', none)).toBeUndefined()
  })
})
