import { describe, expect, it } from 'vitest'
import { simulateGuard } from '../simulations/guards.js'
import { simulateLeases } from '../simulations/leases.js'
import { arrivals, evenShares, seededRandom, zipfShares } from '../simulations/traffic.js'

const seeds = [1, 2]
const algorithms = ['sliding-window', 'fixed-window']

describe('a hundred nodes that take units of one limit by lease', () => {
  const simulate = (given) => simulateLeases({ limit: 200, windows: 1, demand: 2, ...given })

  it.each(algorithms)('never admit more than the limit, by %s', async (algorithm) => {
    for (const [seed, nodes, lease] of [
      [1, 100, 1],
      [1, 20, 3],
      [1, 100, 20],
      [2, 100, 20],
    ]) {
      const told = await simulate({ algorithm, seed, nodes, lease })
      expect(told.over, `seed ${seed}, lease ${lease}`).toBe(0)
      expect(told.admitted).toBeGreaterThan(0)
    }
  })
  it('need fewer commands than one at a time, for units that some of them keep unused', async () => {
    const [single, leased] = [
      await simulate({ algorithm: 'fixed-window', seed: 1, lease: 1 }),
      await simulate({ algorithm: 'fixed-window', seed: 1, lease: 3 }),
    ]
    expect(single.admitted).toBe(200)
    expect(leased.admitted).toBeLessThan(200)
    expect(leased.commands).toBeLessThan(single.commands)
  })
  it('do the same again with the same seed', async () => {
    const given = { algorithm: 'sliding-window', seed: 7, lease: 3 }
    expect(await simulate(given)).toEqual(await simulate(given))
  })
})

describe('a hundred nodes that read one key', () => {
  const simulate = (given) => simulateGuard({ readsPerSecond: 100, ttls: 2, seed: 1, ...given })

  it('load it once when it expires, however many miss it', async () => {
    for (const seed of seeds) {
      const told = await simulate({ reader: 'early: false', seed })
      expect(told, `seed ${seed}`).toMatchObject({ mostLoads: 1 })
      expect(told.loads).toBeLessThanOrEqual(3)
      expect(told.waits).toBeGreaterThan(told.loads)
    }
  })
  it('do not wait for it where it is refreshed before it expires', async () => {
    for (const seed of seeds) {
      const told = await simulate({ reader: 'default', seed })
      expect(told.loads, `seed ${seed}`).toBeLessThanOrEqual(4)
      expect(told).toMatchObject({ mostLoads: 1, waits: 0 })
    }
  })
  it('wait no longer than a lease and a load where the one that loads ends', async () => {
    const told = await simulate({ reader: 'early: false', deaths: 2 })
    expect(told.longestMs).toBeGreaterThan(1900)
    expect(told.longestMs).toBeLessThan(2600)
    expect(told.mostLoads).toBe(1)
  })
  it('get what was there, at once, where the one that refreshes it ends', async () => {
    const told = await simulate({ reader: 'default, stale window', deaths: 2 })
    expect(told).toMatchObject({ waits: 0 })
  })
  it('would each load it without a guard', async () => {
    const told = await simulate({ reader: 'no guard' })
    expect(told.loads / told.ttls).toBeGreaterThan(10)
  })
})

describe('traffic', () => {
  const totalsOf = (traffic) => {
    const all = [...traffic].flat()
    return { all, of: (node) => all.filter((one) => one.node === node).length }
  }
  const given = { perSecond: 1000, seconds: 20 }

  it('comes in order and as often as asked, with bursts as without', () => {
    for (const bursts of [false, true]) {
      const shares = evenShares(100)
      const { all } = totalsOf(arrivals({ ...given, shares, bursts, random: seededRandom(1) }))
      expect(all.length / 20_000).toBeCloseTo(1, 1)
      expect(all).toEqual(all.toSorted((a, b) => a.atMs - b.atMs))
    }
  })
  it("by Zipf's law the first node has twice what the second has", () => {
    const { of } = totalsOf(arrivals({ ...given, shares: zipfShares(10), random: seededRandom(1) }))
    expect(of(0) / of(1)).toBeCloseTo(2, 0)
  })
})
