import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { never } from '../src/algorithms/algorithm.ts'
import { algorithms, type AlgorithmName } from '../src/algorithms/index.ts'
import { definitions, removeNewest, type Definition, type Taken } from './algorithm-definitions.ts'
import { drive, mostOf, type Driver } from './algorithm-driver.ts'

const windowMs = 60
const hourMs = 3_600_000
const startMs = windowMs * 20_000_000_000

const names: readonly AlgorithmName[] = [
  'sliding-window',
  'fixed-window',
  'sliding-log',
  'token-bucket',
]

const numbers = fc.record({
  limit: fc.integer({ min: 1, max: 8 }),
  windowMs: fc.constant(windowMs),
  burst: fc.integer({ min: 1, max: 12 }),
})

/** Nothing, a burst, the edges of windows, and anything between. */
const pauses = fc.oneof(
  fc.constantFrom(0, 0, 0, 1, 59, 60, 61, 119, 120),
  fc.nat(150),
  fc.constant(hourMs),
)
const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('take'), units: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('take'), units: fc.constant(1) }) },
  fc.record({ does: fc.constant('penalize'), units: fc.integer({ min: 1, max: 9 }) }),
  fc.record({
    does: fc.constant('refund'),
    units: fc.integer({ min: 1, max: 9 }),
    // When the units were taken: as one of the last takes says, a wrong time, or not known.
    of: fc.oneof(fc.nat(3), fc.constantFrom('wrong', 'unknown')),
    wrongMs: fc.integer({ min: -150, max: 150 }),
  }),
)
const scheduleOf = (waits: fc.Arbitrary<number>) =>
  fc.array(fc.record({ waitMs: waits, act }), { maxLength: 60, size: 'max' })

type Act = typeof act extends fc.Arbitrary<infer One> ? One : never

function takenAtOf(one: Act, nowMs: number, taken: readonly Taken[]): number {
  if (!('of' in one) || one.of === 'unknown') return nowMs
  if (one.of === 'wrong') return nowMs + one.wrongMs
  return taken.at(-1 - Number(one.of))?.atMs ?? nowMs
}

/** Does it to the algorithm. @returns whether it passed */
function play(driver: Driver, { does, units }: Act, nowMs: number, takenAtMs: number): boolean {
  if (does === 'take') return driver.take(nowMs, units).waitMs === 0
  driver.charge(nowMs, does === 'refund' ? -units : units, takenAtMs)
  return true
}

/** Does it to the definition, of which so much is left. @returns whether it passes */
function define(
  model: Definition,
  { does, units }: Act,
  nowMs: number,
  takenAtMs: number,
  left: number,
): boolean {
  if (does === 'refund') model.giveBack(nowMs, units, takenAtMs)
  const passed = does === 'take' && units > left ? 0 : Math.min(units, left)
  if (does !== 'refund' && passed > 0) model.take(nowMs, passed)
  return does !== 'take' || passed === units
}

const unitsSince = (taken: readonly Taken[], fromMs: number) =>
  taken.reduce((all, { atMs, units }) => all + (atMs >= fromMs ? units : 0), 0)

/** What every answer about the present must say of the future, asked of the algorithm itself. */
function expectTruth(driver: Driver, nowMs: number, most: number): void {
  const now = driver.look(nowMs)
  const { remaining, refillMs, resetMs } = now
  expect(now.waitMs).toBe(0)
  expect(driver.state === null).toBe(resetMs === 0)
  expect(driver.state ?? '0').toMatch(/^[0-9 ]+$/)
  expect(remaining).toBeGreaterThanOrEqual(0)
  expect(remaining).toBeLessThanOrEqual(most)
  expect(driver.look(nowMs, most + 1).waitMs).toBe(never)

  expect(driver.look(nowMs, remaining).waitMs).toBe(0)
  for (let cost = remaining + 1; cost <= most; cost++) {
    const { waitMs } = driver.look(nowMs, cost)
    expect(waitMs).toBeGreaterThan(0)
    expect(driver.look(nowMs + waitMs - 1, cost).waitMs).toBe(1)
    expect(driver.look(nowMs + waitMs, cost).waitMs).toBe(0)
  }
  expect(driver.look(nowMs + Math.max(0, refillMs - 1)).remaining).toBe(remaining)
  const more = driver.look(nowMs + refillMs).remaining
  expect(more).toBeGreaterThanOrEqual(Math.min(most, remaining + 1))
  expect(driver.look(nowMs + resetMs - 1).resetMs).toBe(Math.min(1, resetMs))
  expect(driver.look(nowMs + resetMs)).toMatchObject({ remaining: most, resetMs: 0, next: null })
}

describe.each(names)('%s', (name) => {
  const algorithm = algorithms[name]
  const { bound } = definitions[name]

  it('admits what its definition admits, and never more in a trailing window than its bound', () => {
    const property = fc.property(numbers, scheduleOf(pauses), (policy, steps) => {
      const most = mostOf(algorithm, policy)
      const model = definitions[name].define(policy)
      const driver = drive(algorithm, policy)
      let nowMs = startMs
      const leftNow = () => {
        let units = 0
        while (units < most && model.fits(nowMs, units + 1)) units++
        return units
      }
      for (const { waitMs, act: one } of steps) {
        nowMs += waitMs
        const takenAtMs = takenAtOf(one, nowMs, model.taken)
        const passes = define(model, one, nowMs, takenAtMs, leftNow())
        expect(play(driver, one, nowMs, takenAtMs)).toBe(passes)
        expect(driver.look(nowMs).remaining).toBe(leftNow())
        // A bucket gives back parts of units, and part of one is none that passed.
        const passed = Math.floor(unitsSince(model.taken, nowMs - windowMs + 1))
        expect(passed).toBeLessThanOrEqual(bound(policy))
      }
    })
    fc.assert(property, { numRuns: 100 })
  })

  it('takes nothing that an exact log with its bound as the limit would refuse', () => {
    const property = fc.property(numbers, scheduleOf(pauses), (policy, steps) => {
      const driver = drive(algorithm, policy)
      const oracle = drive(algorithms['sliding-log'], { ...policy, limit: bound(policy) })
      let nowMs = startMs
      for (const { waitMs, act: one } of steps) {
        nowMs += waitMs
        const allowed = driver.take(nowMs, one.units).waitMs === 0
        expect(allowed && oracle.take(nowMs, one.units).waitMs !== 0).toBe(false)
      }
    })
    fc.assert(property, { numRuns: 100 })
  })

  it('tells the truth of the time to wait, what is left, when there is more, and when all is', () => {
    const steps = fc.oneof(pauses, fc.constantFrom(-1, -59, -61, -hourMs))
    const property = fc.property(numbers, scheduleOf(steps), (policy, schedule) => {
      const driver = drive(algorithm, policy)
      const takes: Taken[] = []
      let nowMs = startMs
      for (const { waitMs, act: one } of schedule) {
        nowMs += waitMs
        play(driver, one, nowMs, takenAtOf(one, nowMs, takes))
        takes.push({ atMs: nowMs, units: one.units })
        expectTruth(driver, nowMs, mostOf(algorithm, policy))
      }
    })
    fc.assert(property, { numRuns: 30 })
  })

  it('says the same of a refusal as of asking for nothing', () => {
    const property = fc.property(numbers, scheduleOf(pauses), (policy, steps) => {
      const driver = drive(algorithm, policy)
      let nowMs = startMs
      for (const { waitMs, act: one } of steps) {
        nowMs += waitMs
        const [asked, nothing] = [driver.look(nowMs, one.units), driver.look(nowMs)]
        expect(asked.waitMs === 0 ? nothing : { ...asked, waitMs: 0 }).toEqual(nothing)
        driver.take(nowMs, one.units)
      }
    })
    fc.assert(property, { numRuns: 30 })
  })

  it('keeps its bound, and locks nobody out, when the clock jumps back and forth', () => {
    const jumps = fc.constantFrom(0, 0, 0, 0, 1, 30, 59, 60, hourMs, -hourMs, -1, -59, -60, -61)
    const property = fc.property(numbers, scheduleOf(jumps), (policy, steps) => {
      const most = mostOf(algorithm, policy)
      const driver = drive(algorithm, policy)
      let taken: Taken[] = []
      let nowMs = startMs
      for (const { waitMs, act: one } of steps) {
        nowMs += waitMs
        // The bound speaks of time that passes.
        if (waitMs < 0 || waitMs === hourMs) taken = []
        const passed = play(driver, one, nowMs, takenAtOf(one, nowMs, taken))
        if (one.does === 'refund') removeNewest(taken, one.units)
        if (one.does === 'take' && passed) taken.push({ atMs: nowMs, units: one.units })
        expect(unitsSince(taken, nowMs - windowMs + 1)).toBeLessThanOrEqual(bound(policy))
        expect(driver.look(nowMs).remaining).toBeLessThanOrEqual(most)

        const full = drive(algorithm, policy)
        full.take(nowMs, most)
        const longest = full.look(nowMs, most).waitMs
        expect(driver.look(nowMs, most).waitMs).toBeLessThanOrEqual(longest)
        expect(driver.look(nowMs, 1).waitMs).toBeLessThanOrEqual(full.look(nowMs, 1).waitMs)
      }
    })
    fc.assert(property, { numRuns: 100 })
  })

  it('remembers what was taken when the clock falls back an hour, for no longer than if it were taken now', () => {
    const policy = { limit: 5, windowMs, burst: 5 }
    const driver = drive(algorithm, policy)
    expect(driver.take(startMs + hourMs, 5).waitMs).toBe(0)

    const { waitMs } = driver.take(startMs, 1)
    expect(waitMs).toBeGreaterThan(0)
    // An aligned window fades from its end: a fifth of a window more.
    expect(waitMs).toBeLessThanOrEqual(name === 'sliding-window' ? windowMs * 1.2 : windowMs)
    expect(driver.take(startMs + waitMs, 1).waitMs).toBe(0)
  })

  it('never makes state of a refund, nor more units than there are', () => {
    const property = fc.property(numbers, fc.nat(12), fc.nat(12), (policy, taken, given) => {
      const most = mostOf(algorithm, policy)
      const none = drive(algorithm, policy)
      none.charge(startMs, -given - 1)
      expect(none.state).toBeNull()

      const driver = drive(algorithm, policy)
      driver.charge(startMs, taken)
      driver.charge(startMs, -given)
      const left = Math.min(most, most - Math.min(taken, most) + given)
      expect(driver.look(startMs).remaining).toBe(left)
      expect(driver.state === null).toBe(left === most)
    })
    fc.assert(property)
  })

  it('gives nothing back of what counts no more', () => {
    const policy = { limit: 5, windowMs, burst: 5 }
    const driver = drive(algorithm, policy)
    driver.take(startMs, 5)
    const laterMs = startMs + 2 * windowMs
    driver.take(laterMs, 5)
    driver.charge(laterMs, -5, startMs)
    expect(driver.look(laterMs).remaining).toBe(0)
  })

  it('takes a penalty until nothing is left, and no further', () => {
    const driver = drive(algorithm, { limit: 5, windowMs, burst: 5 })
    driver.charge(startMs, 3)
    expect(driver.look(startMs).remaining).toBe(2)
    driver.charge(startMs, Number.MAX_SAFE_INTEGER)
    const full = drive(algorithm, { limit: 5, windowMs, burst: 5 })
    full.take(startMs, 5)
    expect(driver.look(startMs)).toMatchObject({ ...full.look(startMs), next: expect.any(String) })
  })

  it('forgives a limit that was lowered since', () => {
    const before = drive(algorithm, { limit: 100, windowMs, burst: 100 })
    before.take(startMs, 90)
    const driver = drive(algorithm, { limit: 5, windowMs, burst: 5 }, before.state)
    const { remaining, refillMs, resetMs } = driver.look(startMs)
    expect(remaining).toBe(0)
    expect(driver.look(startMs + refillMs).remaining).toBeGreaterThan(0)
    expect(driver.look(startMs + resetMs).remaining).toBe(5)
    driver.charge(startMs, 3)
    expect(driver.look(startMs).remaining).toBe(0)
  })

  it('takes state that it cannot read for none', () => {
    const policy = { limit: 3, windowMs, burst: 3 }
    for (const state of ['', 'x', '-1', '1.5 2 3', ' 1 2', '1  2', '1 2 x', '1 2 3 4', '1e3 2 3']) {
      const question = { ...policy, nowMs: startMs, cost: 1 }
      expect(algorithm.ask(state, question)).toEqual(algorithm.ask(null, question))
      const refund = { ...policy, nowMs: startMs, units: -1, takenAtMs: startMs }
      expect(algorithm.charge(state, refund)).toBeNull()
    }
  })
})
