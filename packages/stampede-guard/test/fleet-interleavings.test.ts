import { createCache, type Store } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import { createGuard, type Guard } from '@sluice/stampede-guard'
import fc from 'fast-check'
import { expect, it } from 'vitest'

const options = { tags: ['red'] }

/** Two processes on one store, which answers in an order that fast-check picks. */
function createScene(scheduler: fc.Scheduler, scope: 'fleet' | 'process') {
  const clock = manualClock()
  const below = memoryStore({ clock })
  const later = <Value>(value: Value, label: string) =>
    scheduler.schedule(Promise.resolve(value), label)
  /** Sends a command, and hears of it, whenever fast-check says so. */
  const onWire = async <Value>(label: string, ask: () => Promise<Value>): Promise<Value> => {
    await later(0, `${label} sent`)
    return later(await ask(), `${label} answered`)
  }
  const open = (name: string): Guard => {
    const store: Store = {
      ...below,
      shared: true,
      get: (key) => onWire(`${name} GET`, () => below.get(key)),
      getMany: (keys) => onWire(`${name} MGET`, () => below.getMany(keys)),
      set: (...args) => onWire(`${name} SET`, () => below.set(...args)),
      delete: (keys) => onWire(`${name} DEL`, () => below.delete(keys)),
      run: (operation, ...rest) =>
        onWire(`${name} ${operation.name}`, () => below.run(operation, ...rest)),
    }
    const cache = createCache({ store })
    return createGuard({
      cache,
      ttl: 4000,
      clock,
      random: () => 1 - Number.EPSILON,
      scope,
      lease: '1m',
    })
  }
  const source = { version: 1, loads: 0 }
  const load = async () => {
    source.loads++
    const read = source.version
    return later(read, 'source answered')
  }
  const [one, two] = [open('one'), open('two')]
  /** An entry that is due, where there shall be one. */
  const start = async (isThere: boolean): Promise<void> => {
    if (!isThere) return
    await scheduler.waitFor(one.get('a', () => (clock.advance('2s'), 1), options))
    clock.advance('3s')
    expect(await scheduler.waitFor(two.peek('a'))).toMatchObject({ hit: true })
  }
  return { one, two, clock, source, load, later, start }
}

/** What one process may do, after the source has changed. */
const acts = {
  delete: (guard: Guard) => guard.delete('a'),
  set: (guard: Guard) => guard.set('a', 2),
  tags: (guard: Guard) => guard.invalidateTags(['red']),
}
const act = fc.constantFrom('delete' as const, 'set' as const, 'tags' as const)
const scope = fc.constantFrom('fleet' as const, 'process' as const)

it('however the processes interleave, what one invalidates no other writes back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), scope, act, fc.boolean(), async (scheduler, who, how, old) => {
      const { one, two, clock, source, load, later, start } = createScene(scheduler, who)
      await start(old)
      const change = async () => {
        await later(0, 'writer starts')
        source.version = 2
        await acts[how](two)
      }
      const caller = async (guard: Guard) => {
        await later(0, 'caller starts')
        return guard.get('a', load, options)
      }
      await scheduler.waitFor(Promise.all([caller(one), caller(two), change()]))
      await scheduler.waitIdle()
      clock.advance('1s')
      const values = [
        await scheduler.waitFor(one.get('a', load, options)),
        await scheduler.waitFor(two.get('a', load, options)),
      ]
      expect(values).toEqual([2, 2])
    }),
    { numRuns: 300 },
  )
}, 60_000)

it('however the processes interleave, the source is asked once for a key that is missing or due', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, old) => {
      const { one, two, source, load, later, start } = createScene(scheduler, 'fleet')
      await start(old)
      const caller = async (guard: Guard) => {
        await later(0, 'caller starts')
        return guard.get('a', load)
      }
      const values = await scheduler.waitFor(
        Promise.all([caller(one), caller(two), caller(one), caller(two)]),
      )
      await scheduler.waitIdle()
      await scheduler.waitFor(Promise.all([one.close(), two.close()]))
      expect(values).toEqual([1, 1, 1, 1])
      expect(source.loads).toBe(1)
    }),
    { numRuns: 300 },
  )
}, 60_000)
