import { createCache, findKeysWithoutTtl, traceNames, type Store } from '@sluice/core'
import { listen } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'

/** What the search for keys without a ttl promises, on any store. */
export function keysWithoutTtlSuite(make: () => { store: Store; prefix: string }): void {
  describe('findKeysWithoutTtl', () => {
    it('finds every key of the view that never expires, and no other', async () => {
      const cache = createCache(make())
      const many = Array.from({ length: 1200 }, (_, at) => `many:${at}`)
      await cache.setMany(many.map((key) => [key, 1] as const))
      await cache.setMany([['brief', 1] as const, ['many:brief', 1] as const], '1m')
      await cache.increment('counter')
      await cache.namespace('eu').set('leak', 1)
      await cache.store.set(cache.stateKey('area', 'state'), 'state')
      const all = ['counter', 'eu:leak', ...many]
      expect(await collect(findKeysWithoutTtl(cache))).toEqual(new Set(all))
      expect(await collect(findKeysWithoutTtl(cache, { pattern: 'many:*' }))).toEqual(new Set(many))
      expect(await collect(findKeysWithoutTtl(cache.namespace('eu')))).toEqual(new Set(['leak']))
      for await (const key of findKeysWithoutTtl(cache)) await cache.expire(key, '1m')
      expect(await collect(findKeysWithoutTtl(cache))).toEqual(new Set())
      await cache.clear()
      await cache.store.delete([cache.stateKey('area', 'state')])
    })

    it('says how far it is, and ends when it is told to', async () => {
      const cache = createCache(make())
      await cache.setMany(Array.from({ length: 1200 }, (_, at) => [`key-${at}`, 1] as const))
      const progress: { scanned: number; checked: number; found: number }[] = []
      await collect(findKeysWithoutTtl(cache, { onProgress: (now) => progress.push(now) }))
      expect(progress.length).toBeGreaterThan(3)
      expect(progress.at(-1)).toMatchObject({ checked: 1200, found: 1200 })
      expect(progress.at(-1)?.scanned).toBeGreaterThanOrEqual(1200)

      const stop = new AbortController()
      const { signal } = stop
      const searching = collect(
        findKeysWithoutTtl(cache, { signal, onProgress: () => stop.abort(new Error('enough')) }),
      )
      await expect(searching).rejects.toThrow('enough')
      await cache.clear()
    })

    it('is told of as one walk over keys', async () => {
      const cache = createCache(make())
      await cache.setMany(['a', 'b', 'c'].map((key) => [key, 1] as const))
      using listening = listen(traceNames())
      await collect(findKeysWithoutTtl(cache))
      expect(listening.told.map(({ channel }) => channel)).toEqual(['sluice:core:keys'])
      await cache.clear()
    })
  })
}

async function collect(keys: AsyncIterable<string>): Promise<Set<string>> {
  const found = new Set<string>()
  for await (const key of keys) found.add(key)
  return found
}
