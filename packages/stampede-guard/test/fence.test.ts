import { expect, it } from 'vitest'
import type { Store } from '@sluice/core'
import { createBench, createGate, turns } from './fixtures.ts'

it('a load that a delete has overtaken reaches those who wait and is not kept', async () => {
  const { guard, cache } = createBench()
  const gate = createGate<string>()
  const waiting = guard.get('a', gate.load)
  await turns()
  await guard.delete('a')
  gate.open('old')
  expect(await waiting).toBe('old')
  expect(await cache.has('a')).toBe(false)
  expect(await guard.get('a', () => 'fresh')).toBe('fresh')
})

it('a get after a delete does not join the load that the delete has overtaken', async () => {
  const { guard } = createBench()
  const gate = createGate<string>()
  const waiting = guard.get('a', gate.load)
  await turns()
  await guard.delete('a')
  expect(await guard.get('a', () => 'fresh')).toBe('fresh')
  gate.open('old')
  expect(await waiting).toBe('old')
  expect(await guard.get('a', () => 'again')).toBe('fresh')
})

it('a load that a set has overtaken does not replace what was set', async () => {
  const { guard } = createBench()
  const gate = createGate<string>()
  const waiting = guard.get('a', gate.load)
  await turns()
  await guard.set('a', 'set')
  gate.open('old')
  expect(await waiting).toBe('old')
  expect(await guard.get('a', () => 'loaded')).toBe('set')
})

it('a background refresh that a delete has overtaken is not kept', async () => {
  const { guard, clock, cache } = createBench({ random: () => 0.999_999 })
  await guard.set('a', 'old')
  clock.advance(59_999)
  const gate = createGate<string>()
  expect(await guard.get('a', gate.load)).toBe('old')
  await turns()
  await guard.delete('a')
  gate.open('late')
  await turns()
  expect(gate.calls()).toBe(1)
  expect(await cache.has('a')).toBe(false)
})

it('a delete comes after a write that is under way, however slow', async () => {
  const slow: (() => void)[] = []
  const wrapStore = (store: Store): Store => ({
    ...store,
    set: async (...args) => {
      await new Promise<void>((resolve) => slow.push(resolve))
      return store.set(...args)
    },
  })
  const { guard, cache } = createBench({ wrapStore })
  const loaded = guard.get('a', () => 'old')
  await turns()
  const deleted = guard.delete('a')
  await turns()
  slow.forEach((go) => go())
  expect([await loaded, await deleted]).toEqual(['old', true])
  expect(await cache.has('a')).toBe(false)
})

it('a loader that deletes its own key is not kept', async () => {
  const { guard, cache } = createBench()
  const load = () => {
    const deleted = guard.delete('a')
    return deleted.then(() => 'overtaken')
  }
  expect(await guard.get('a', load)).toBe('overtaken')
  expect(await cache.has('a')).toBe(false)
})

it('a get made while a delete is on its way does not join an older load', async () => {
  const { guard } = createBench()
  const gate = createGate<string>()
  const waiting = guard.get('a', gate.load)
  await turns()
  const deleted = guard.delete('a')
  const fresh = guard.get('a', () => 'fresh')
  await Promise.all([deleted, turns()])
  gate.open('old')
  expect([await waiting, await fresh]).toEqual(['old', 'fresh'])
})

it('a get after a delete does not join a read that saw the entry before it', async () => {
  const reads = createGate<void>()
  const deletes = createGate<void>()
  let held = false
  const wrapStore = (store: Store): Store => ({
    ...store,
    get: async (key) => {
      const text = await store.get(key)
      if (held) await reads.load()
      return text
    },
    delete: async (keys) => {
      await deletes.load()
      return store.delete(keys)
    },
  })
  const { guard } = createBench({ wrapStore })
  await guard.set('a', 'old')
  held = true
  const deleted = guard.delete('a')
  const during = guard.get('a', () => 'unused')
  await turns()
  deletes.open()
  await deleted
  const after = guard.get('a', () => 'fresh')
  await turns()
  reads.open()
  expect([await during, await after]).toEqual(['old', 'fresh'])
})
