import { describe, expect, it } from 'vitest'
import { isDueEarly } from '../src/early-refresh.ts'
import { createEntry, type Entry } from '../src/entry.ts'
import { createBench } from './fixtures.ts'

/**
 * The setting of notes/cache-and-stampede.md 3.4: 1000 requests a second on one key, a ttl of 60 s, a load of 200 ms.
 * All simulations draw from a seeded generator, so they give the same numbers in every run.
 */
const ttlMs = 60_000
const loadMs = 200
const hours = 2
const minutes = hours * 60

it('at 1000 requests/s XFetch and one flight load once a ttl, and no caller waits', async () => {
  const { loads, waited } = await simulateGuard()
  expect(waited).toBe(0)
  expect(loads / minutes).toBeLessThanOrEqual(1.05)
  expect(loads / minutes).toBeGreaterThanOrEqual(1)
}, 60_000)

/** Loads a minute by the load time: notes 3.4, and for XFetch without a flight the closed form of 3.3, e^(1/beta) a cycle. */
const table: [string, Rule, boolean, (readonly [loadMs: number, perMinute: number])[]][] = [
  [
    'the linear rule of the spec',
    linear,
    false,
    [
      [50, 99.7],
      [200, 187.6],
      [1000, 375],
    ],
  ],
  [
    'the linear rule and one flight',
    linear,
    true,
    [
      [50, 54.1],
      [200, 47.6],
      [1000, 29.1],
    ],
  ],
  [
    'a threshold of 80 %',
    threshold,
    false,
    [
      [50, 62.7],
      [200, 245.8],
      [1000, 1205],
    ],
  ],
  [
    'a threshold of 80 % and one flight',
    threshold,
    true,
    [
      [50, 1.23],
      [200, 1.23],
      [1000, 1.22],
    ],
  ],
  [
    'XFetch',
    xfetch,
    false,
    [
      [50, Math.E],
      [200, Math.E * 1.02],
      [1000, Math.E * 1.12],
    ],
  ],
  [
    'XFetch and one flight',
    xfetch,
    true,
    [
      [50, 1],
      [200, 1.02],
      [1000, 1.12],
    ],
  ],
]

describe('loads a minute at 1000 requests/s, ttl 60 s', () => {
  it.each(table)(
    '%s',
    (_, rule, flight, expected) => {
      for (const [ms, perMinute] of expected) {
        const { loads, waited } = simulateRule(rule, flight, ms)
        expect(waited).toBe(0)
        // Two hours are 120 cycles of chance.
        expect(loads / minutes / perMinute, `${ms} ms`).toBeGreaterThan(0.85)
        expect(loads / minutes / perMinute, `${ms} ms`).toBeLessThan(1.15)
      }
    },
    60_000,
  )
})

/** Whether a hit loads. */
type Rule = (entry: Entry, nowMs: number, random: () => number) => boolean

/** As the spec has it: chance = (ttl - remaining) / ttl, with whole seconds, rounded up in favour of the rule. */
function linear({ expiresAtMs }: Entry, nowMs: number, random: () => number): boolean {
  const remainingS = Math.ceil((expiresAtMs - nowMs) / 1000)
  return random() < (ttlMs / 1000 - remainingS) / (ttlMs / 1000)
}

function threshold(entry: Entry, nowMs: number, random: () => number): boolean {
  return isDueEarly(entry, { early: 0.8, beta: 1 }, nowMs, random)
}

function xfetch(entry: Entry, nowMs: number, random: () => number): boolean {
  return isDueEarly(entry, { early: 'xfetch', beta: 1 }, nowMs, random)
}

/** One request a millisecond, with or without one flight at a time. */
function simulateRule(rule: Rule, flight: boolean, takesMs: number) {
  const random = seededRandom(2)
  const landings: number[] = []
  const entryAt = (nowMs: number) => createEntry({ value: 0, nowMs, ttlMs, loadMs: takesMs })
  let entry = entryAt(0)
  let [loads, waited] = [0, 0]
  for (let nowMs = 0; nowMs < minutes * 60_000; nowMs++) {
    // Neither of our rules does anything in the first half: those requests are left out.
    if (rule !== linear && landings.length === 0)
      nowMs = Math.max(nowMs, entry.writtenAtMs + 30_000)
    while (landings[0] !== undefined && landings[0] <= nowMs) {
      landings.shift()
      entry = entryAt(nowMs)
    }
    if (nowMs >= entry.expiresAtMs) waited++
    if ((flight && landings.length > 0) || !rule(entry, nowMs, random)) continue
    loads++
    landings.push(nowMs + takesMs)
  }
  return { loads, waited }
}

async function simulateGuard(): Promise<{ loads: number; waited: number }> {
  const { guard, clock } = createBench({ ttl: ttlMs, random: seededRandom(1) })
  const endMs = clock.now() + minutes * 60_000
  let loads = 1
  let waited = 0
  let expiresAtMs = clock.now() + loadMs + ttlMs
  const first = (): number => {
    clock.advance(loadMs)
    return 0
  }
  await guard.get('hot', first)

  let landing: { atMs: number; land: (value: number) => void } | undefined
  const load = (): Promise<number> => {
    loads++
    return new Promise((land) => (landing = { atMs: clock.now() + loadMs, land }))
  }
  while (clock.now() < endMs && waited === 0) {
    // Earlier than 15 load times before the end, one cycle in 16 000 would see a refresh: those requests are left out.
    clock.advance(Math.max(1, expiresAtMs - 15 * loadMs - clock.now()))
    if (landing?.atMs === clock.now()) {
      landing.land(loads)
      expiresAtMs = clock.now() + ttlMs
      await settled()
    }
    if (!(await answersAtOnce(guard.get('hot', load)))) waited++
  }
  return { loads, waited }
}

async function answersAtOnce(answer: Promise<unknown>): Promise<boolean> {
  let answered = false
  void answer.then(() => (answered = true))
  await settled()
  return answered
}

/** Enough turns of the microtask queue for a hit on memory, or for a write. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve()
}

/** A linear congruential generator with the constants of Numerical Recipes: good enough for a simulation. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
