import { expect, it } from 'vitest'
import { createBench } from './fixtures.ts'

/**
 * The setting of notes/cache-and-stampede.md 3.4: 1000 requests a second on one key, a ttl of 60 s, a load of 200 ms.
 * Both simulations draw from a seeded generator, so they give the same numbers in every run.
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
}, 20_000)

it('the linear rule of the spec loads over a hundred times as often under the same load', () => {
  const linear = simulateLinear()
  expect(linear / minutes).toBeGreaterThan(100)
})

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

/** As the spec has it: chance = (ttl - remaining) / ttl with whole seconds, every chosen request loads on its own. */
function simulateLinear(): number {
  const random = seededRandom(2)
  const landings: number[] = []
  let loads = 0
  let writtenAtMs = 0
  for (let nowMs = 0; nowMs < minutes * 60_000; nowMs++) {
    while (landings[0] !== undefined && landings[0] <= nowMs)
      writtenAtMs = landings.shift() ?? nowMs
    const remainingS = Math.round((writtenAtMs + ttlMs - nowMs) / 1000)
    if (random() >= (ttlMs / 1000 - remainingS) / (ttlMs / 1000)) continue
    loads++
    landings.push(nowMs + loadMs)
  }
  return loads
}

/** A linear congruential generator with the constants of Numerical Recipes: good enough for a simulation. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
