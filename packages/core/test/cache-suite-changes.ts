import { CounterError } from '@sluice/core'
import { expect, it, describe } from 'vitest'
import type { OpenCache } from './cache-suite.ts'

/** Many entries at once, and changes that lose no parallel change. */
export function changePromises(open: OpenCache): void {
  describe('many', () => {
    it('10 000 entries are written, read and deleted with true counts', async () => {
      const cache = open()
      const entries = Array.from({ length: 10_000 }, (_, at) => [`key-${at}`, { at }] as const)
      expect(await cache.setMany(entries, '1m')).toBe(10_000)
      expect(await cache.ttl('key-77')).toBeLessThanOrEqual(60_000)
      const keys = entries.map(([key]) => key)
      const found = await cache.getMany([...keys, 'missing'])
      expect(found.size).toBe(10_000)
      expect(found.get('key-9999')).toEqual({ at: 9999 })
      expect(await cache.deleteMany([...keys.slice(0, 4000), 'missing'])).toBe(4000)
      expect((await cache.getMany(keys)).size).toBe(6000)
      expect(await cache.deleteMany(keys)).toBe(6000)
    })

    it('nothing and duplicates are fine, and misses are left out', async () => {
      const cache = open()
      expect(await cache.getMany([])).toEqual(new Map())
      expect(await cache.setMany([])).toBe(0)
      expect(await cache.deleteMany([])).toBe(0)
      await cache.setMany(
        new Map<string, unknown>([
          ['a', null],
          ['b', false],
        ]),
      )
      expect(await cache.getMany(['a', 'b', 'c', 'a'])).toEqual(
        new Map<string, unknown>([
          ['a', null],
          ['b', false],
        ]),
      )
      expect(await cache.deleteMany(['a', 'a'])).toBe(1)
    })

    it('one bad key or value refuses all before anything is written', async () => {
      const cache = open()
      await expect(
        cache.setMany([
          ['a', 1],
          ['', 2],
        ]),
      ).rejects.toMatchObject({ code: 'SLUICE_KEY' })
      await expect(
        cache.setMany([
          ['a', 1],
          ['b', () => 1],
        ]),
      ).rejects.toMatchObject({ code: 'SLUICE_VALUE' })
      expect(await cache.has('a')).toBe(false)
    })
  })

  describe('compareAndSwap', () => {
    it('swaps what is expected and nothing else, and keeps the ttl', async () => {
      const cache = open()
      await cache.set('key', { v: 1 }, '1m')
      expect(await cache.compareAndSwap('key', { v: 2 }, { v: 3 })).toBe(false)
      expect(await cache.compareAndSwap('key', { v: 1 }, { v: 2 })).toBe(true)
      expect(await cache.get('key')).toEqual({ v: 2 })
      expect(await cache.ttl('key')).toBeLessThanOrEqual(60_000)
    })

    it('takes undefined for no entry, on both sides; null is a value', async () => {
      const cache = open()
      expect(await cache.compareAndSwap('key', null, 1)).toBe(false)
      expect(await cache.compareAndSwap('key', undefined, null, { ttl: '1m' })).toBe(true)
      expect(await cache.ttl('key')).toBeLessThanOrEqual(60_000)
      expect(await cache.compareAndSwap('key', undefined, 1)).toBe(false)
      expect(await cache.compareAndSwap('key', null, undefined)).toBe(true)
      expect(await cache.has('key')).toBe(false)
    })

    it('takes an expired entry for none, and one of 50 callers wins', async () => {
      const cache = open()
      await cache.set('key', 'old', 60)
      await cache.pass(80)
      expect(await cache.compareAndSwap('key', 'old', 'new')).toBe(false)
      const swaps = Array.from({ length: 50 }, (_, at) =>
        cache.compareAndSwap('key', undefined, at),
      )
      expect((await Promise.all(swaps)).filter(Boolean)).toHaveLength(1)
    })
  })

  describe('update', () => {
    it('loses no change of 200 callers at once', async () => {
      const cache = open()
      await cache.set('list', { items: [] as number[] }, '1m')
      await Promise.all(
        Array.from({ length: 200 }, (_, at) =>
          cache.update<{ items: number[] }>('list', (value) => ({
            items: [...(value?.items ?? []), at],
          })),
        ),
      )
      const list = await cache.get<{ items: number[] }>('list')
      expect(new Set(list?.items).size).toBe(200)
      expect(await cache.ttl('list')).toBeLessThanOrEqual(60_000)
    })

    it('creates with a ttl, deletes on undefined, writes nothing when nothing changed', async () => {
      const cache = open()
      expect(
        await cache.update('key', (value: number | undefined) => (value ?? 0) + 1, { ttl: '1m' }),
      ).toBe(1)
      expect(await cache.ttl('key')).toBeLessThanOrEqual(60_000)
      expect(await cache.update('key', (value) => value)).toBe(1)
      expect(await cache.update('key', () => undefined)).toBeUndefined()
      expect(await cache.has('key')).toBe(false)
    })

    it('passes the error of the change on, and serves the next caller', async () => {
      const cache = open()
      const failing = cache.update('key', () => {
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      expect(await cache.update('key', () => 1)).toBe(1)
    })
  })

  describe('counters', () => {
    it('count exactly with 200 callers at once, keep the ttl of their creation and start at 0', async () => {
      const cache = open()
      const counts = await Promise.all(
        Array.from({ length: 200 }, () => cache.increment('hits', 1, { ttl: '1m' })),
      )
      expect(new Set(counts).size).toBe(200)
      expect(await cache.get('hits')).toBe(200)
      expect(await cache.ttl('hits')).toBeLessThanOrEqual(60_000)
      expect(await cache.decrement('hits', 150)).toBe(50)
      expect(await cache.ttl('hits')).toBeLessThanOrEqual(60_000)
    })

    it('start anew when they have expired', async () => {
      const cache = open()
      await cache.increment('brief', 5, { ttl: 60 })
      await cache.pass(80)
      expect(await cache.increment('brief', 1)).toBe(1)
      expect(await cache.ttl('brief')).toBe(Infinity)
    })

    it('count on from an integer that was set, and refuse all else without changing it', async () => {
      const cache = open()
      await cache.set('set', 41)
      expect(await cache.increment('set')).toBe(42)
      for (const value of ['text', 1.5, { a: 1 }, null, true]) {
        await cache.set('other', value)
        await expect(cache.increment('other')).rejects.toThrow(CounterError)
        expect(await cache.get('other')).toEqual(value)
      }
    })

    it('refuse to leave the safe integers, and to add what is not whole', async () => {
      const cache = open()
      await cache.set('high', Number.MAX_SAFE_INTEGER)
      await expect(cache.increment('high')).rejects.toThrow(/safe integers/)
      expect(await cache.get('high')).toBe(Number.MAX_SAFE_INTEGER)
      expect(await cache.decrement('high', Number.MAX_SAFE_INTEGER)).toBe(0)
      await expect(cache.increment('high', 0.5)).rejects.toMatchObject({ code: 'SLUICE_OPTION' })
      expect(await cache.decrement('high', 0)).toBe(0)
    })
  })
}
