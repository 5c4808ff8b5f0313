import type { Store } from '@sluice/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createBench } from './fixtures.ts'

/** The store and the source answer, and the actors start, in an order that fast-check picks. */
function createScene(scheduler: fc.Scheduler, startValue?: number) {
  const later = <Value>(value: Value, label: string) =>
    scheduler.schedule(Promise.resolve(value), label)
  const wrapStore = (store: Store): Store => ({
    ...store,
    get: async (key) => {
      await later(0, 'GET sent')
      return later(await store.get(key), 'GET answered')
    },
    set: async (key, text, options) => {
      await later(0, 'SET sent')
      return later(await store.set(key, text, options), 'SET answered')
    },
    delete: async (keys) => {
      await later(0, 'DEL sent')
      return later(await store.delete(keys), 'DEL answered')
    },
  })
  // Every hit in the last seconds draws a refresh.
  const bench = createBench({ wrapStore, ttl: 4000, random: () => 1 - Number.EPSILON })
  const source = { version: 1, loads: 0, running: 0, mostRunning: 0 }
  const load = async () => {
    source.loads++
    source.running++
    source.mostRunning = Math.max(source.mostRunning, source.running)
    const read = source.version
    await later(0, 'source answered')
    source.running--
    return read
  }
  const start = async (): Promise<void> => {
    if (startValue === undefined) return
    // A load time of 2 s, so that the entry is due after the first half of its life.
    const seeded = bench.guard.get('a', () => (bench.clock.advance('2s'), startValue))
    await scheduler.waitFor(seeded)
    bench.clock.advance('3s')
  }
  const get = async () => {
    await later(0, 'caller starts')
    return bench.guard.get('a', load)
  }
  return { ...bench, source, get, start, later }
}

const seeds = fc.constantFrom(undefined, 1)

it('however two callers and the store interleave, the source is asked once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), seeds, async (scheduler, seed) => {
      const { get, start, source } = createScene(scheduler, seed)
      await start()
      const values = await scheduler.waitFor(Promise.all([get(), get()]))
      await scheduler.waitIdle()
      expect(values).toEqual([1, 1])
      expect(source.loads).toBe(1)
    }),
    { numRuns: 400 },
  )
}, 60_000)

const writers = fc.constantFrom('delete' as const, 'set' as const)

it('however two callers and a delete or set interleave, no old value outlives it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), seeds, writers, async (scheduler, seed, writer) => {
      const { get, start, later, guard, source } = createScene(scheduler, seed)
      await start()
      let done = false
      const change = async (): Promise<void> => {
        await later(0, 'writer starts')
        source.version = 2
        await (writer === 'delete' ? guard.delete('a') : guard.set('a', 2))
        done = true
      }
      const caller = async (): Promise<void> => {
        await later(0, 'caller waits')
        const allowed = done ? [2] : [1, 2]
        expect(allowed).toContain(await get())
      }
      await scheduler.waitFor(Promise.all([caller(), caller(), change()]))
      await scheduler.waitIdle()
      expect(await scheduler.waitFor(get())).toBe(2)
      await scheduler.waitIdle()
      const kept = await scheduler.waitFor(guard.peek('a'))
      expect(kept).toMatchObject({ hit: true, value: 2 })
      // One load that the change overtook, and one after it.
      expect(source.mostRunning).toBeLessThanOrEqual(2)
    }),
    { numRuns: 400 },
  )
}, 60_000)
