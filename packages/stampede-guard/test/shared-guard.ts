import { createCache, type RootCache, type Store } from '@sluice/core'
import { createGuard, type Guard } from '@sluice/stampede-guard'
import { uniquePrefix } from '@sluice/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createGate } from './fixtures.ts'

interface Member {
  readonly guard: Guard
  readonly cache: RootCache
}

/** Two guards that share nothing but the server, as in two processes. */
function createPair(connect: () => Store): [Member, Member] {
  const prefix = uniquePrefix('guard')
  const create = (): Member => {
    const cache = createCache({ store: connect(), prefix })
    onTestFinished(() => cache.close())
    return { cache, guard: createGuard({ cache, ttl: '1m' }) }
  }
  return [create(), create()]
}

/** What a guard promises on every store that several processes share. */
export function describeSharedGuard(connect: () => Store): void {
  describe('a guard whose store other processes share', () => {
    it('200 concurrent misses in each of two processes are one load in each', async () => {
      const [one, two] = createPair(connect)
      const gates = [createGate<string>(), createGate<string>()] as const
      const ask = (guard: Guard, gate: (typeof gates)[number]) =>
        Array.from({ length: 200 }, () => guard.get('a', gate.load))
      const callers = [...ask(one.guard, gates[0]), ...ask(two.guard, gates[1])]
      // Both have missed before either has loaded.
      await expect.poll(() => gates.map((gate) => gate.calls())).toEqual([1, 1])
      for (const gate of gates) gate.open('loaded')
      expect(new Set(await Promise.all(callers))).toEqual(new Set(['loaded']))
      expect(gates.map((gate) => gate.calls())).toEqual([1, 1])
    })

    it('what one process loads, another finds, dates and bytes alike', async () => {
      const [one, two] = createPair(connect)
      const value = {
        at: new Date(0),
        bytes: Buffer.from('ab'),
        tags: new Set(['new']),
        none: null,
      }
      await one.guard.get('a', () => value)
      expect(await two.guard.get('a', () => 'not loaded again')).toEqual(value)
      expect(await two.guard.peek('a')).toMatchObject({ hit: true, stale: false })
    })

    it('what one process deletes or sets, another no longer finds', async () => {
      const [one, two] = createPair(connect)
      await one.guard.get('a', () => 'old')
      await two.guard.delete('a')
      expect(await one.guard.get('a', () => 'new')).toBe('new')
      await two.guard.set('a', 'set')
      expect(await one.guard.get('a', () => 'loaded')).toBe('set')
    })

    it('an entry leaves the store when its ttl is over', async () => {
      const [one] = createPair(connect)
      await one.guard.get('a', () => 'value', { ttl: '50s' })
      const ttlMs = await one.cache.ttl('a')
      expect(ttlMs).toBeGreaterThan(40_000)
      expect(ttlMs).toBeLessThanOrEqual(50_000)
    })

    it('a load that a delete has overtaken is not written', async () => {
      const [one] = createPair(connect)
      const gate = createGate<string>()
      const waiting = one.guard.get('a', gate.load)
      await expect.poll(() => gate.calls()).toBe(1)
      await one.guard.delete('a')
      gate.open('old')
      expect(await waiting).toBe('old')
      expect(await one.cache.has('a')).toBe(false)
    })
  })
}
