import { StoreClosedError, StoreUnavailableError, createCache, type Store } from '@sluice/core'
import { createGuard } from '@sluice/stampede-guard'
import { expect, it } from 'vitest'
import { createBench, createGate, recordFailures, turns } from './fixtures.ts'

const down = new StoreUnavailableError('disconnected', 'Redis is not connected.')

/** A memory store whose verbs can be made to fail. */
function createFlaky() {
  const failing = new Set<'get' | 'set' | 'delete'>()
  const asked: string[] = []
  const wrapStore = (store: Store): Store => {
    const check = (verb: 'get' | 'set' | 'delete'): void => {
      asked.push(verb)
      if (failing.has(verb)) throw down
    }
    return {
      ...store,
      get: async (key) => (check('get'), store.get(key)),
      set: async (key, text, options) => (check('set'), store.set(key, text, options)),
      delete: async (keys) => (check('delete'), store.delete(keys)),
    }
  }
  return { ...createBench({ wrapStore }), failing, asked }
}

it('when the store cannot read, callers still share one load, and nothing is written', async () => {
  const failures = recordFailures()
  const { guard, failing, asked } = createFlaky()
  failing.add('get')
  const gate = createGate<string>()
  const callers = Array.from({ length: 50 }, () => guard.get('a', gate.load))
  await turns()
  gate.open('loaded')
  expect(new Set(await Promise.all(callers))).toEqual(new Set(['loaded']))
  expect(gate.calls()).toBe(1)
  expect(asked).toEqual(['get'])
  expect(failures).toEqual([{ verb: 'get', instead: 'load', error: down }])
})

it('when the store can read again, values are kept again', async () => {
  const { guard, failing } = createFlaky()
  failing.add('get')
  await guard.get('a', () => 1)
  failing.clear()
  expect(await guard.get('a', () => 2)).toBe(2)
  expect(await guard.get('a', () => 3)).toBe(2)
})

it('when the store cannot write, the value is returned all the same and the failure reported', async () => {
  const failures = recordFailures()
  const { guard, failing } = createFlaky()
  failing.add('set')
  expect(await guard.get('a', () => 'loaded')).toBe('loaded')
  expect(failures).toEqual([{ verb: 'set', instead: 'return', error: down }])
})

it('an error of the loader reaches the caller, whatever the store does', async () => {
  const { guard, failing } = createFlaky()
  failing.add('get').add('set')
  const failure = new Error('source is down')
  await expect(guard.get('a', () => Promise.reject(failure))).rejects.toBe(failure)
})

it('a delete or a set that the store did not hear is an error', async () => {
  const { guard, failing } = createFlaky()
  failing.add('delete').add('set').add('get')
  await expect(guard.delete('a')).rejects.toBe(down)
  await expect(guard.set('a', 1)).rejects.toBe(down)
  await expect(guard.peek('a')).rejects.toBe(down)
})

it('a cache that was closed is not mistaken for one that is down', async () => {
  const cache = createCache()
  const guard = createGuard({ cache, ttl: '1m' })
  await cache.close()
  await expect(guard.get('a', () => 1)).rejects.toBeInstanceOf(StoreClosedError)
})
