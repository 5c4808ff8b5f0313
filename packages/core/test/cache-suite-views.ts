import { expect, it, describe } from 'vitest'
import type { OpenCache } from './cache-suite.ts'

/** What reaches over the entries of a view: patterns, counts, views in views. */
export function viewPromises(open: OpenCache): void {
  describe('patterns', () => {
    it('find, count and delete by glob, within the view alone', async () => {
      const cache = open()
      const users = cache.namespace('users')
      await users.setMany(['a1', 'a2', 'b1', 'a*'].map((key) => [key, 1] as const))
      await cache.set('a9', 1)
      expect((await users.keysMatching('a?')).toSorted()).toEqual(['a*', 'a1', 'a2'])
      expect(await users.countMatching('*1')).toBe(2)
      expect(await users.deleteMatching('a\\*')).toBe(1)
      expect(await users.deleteMatching('a[1-9]')).toBe(2)
      expect(await users.keysMatching('*')).toEqual(['b1'])
      expect(await cache.has('a9')).toBe(true)
      expect(await cache.clearNamespace('users')).toBe(1)
    })

    it('stream keys, tell how far they are, and stop when asked', async () => {
      const cache = open()
      await cache.setMany(Array.from({ length: 3000 }, (_, at) => [`key-${at}`, at] as const))
      const seen = new Set<string>()
      for await (const key of cache.keys('key-*')) seen.add(key)
      expect(seen.size).toBe(3000)

      const stop = new AbortController()
      const progress: { scanned: number; matched: number; deleted: number }[] = []
      const deleting = cache.deleteMatching('key-*', {
        signal: stop.signal,
        onProgress: (now) => {
          progress.push(now)
          if (now.deleted > 500) stop.abort(new Error('enough'))
        },
      })
      await expect(deleting).rejects.toThrow('enough')
      const deleted = progress.at(-1)?.deleted ?? 0
      expect(deleted).toBeGreaterThan(500)
      expect(deleted).toBeLessThan(3000)
      expect(await cache.countMatching('key-*')).toBe(3000 - deleted)
      expect(await cache.clear()).toBe(3000 - deleted)
    })
  })

  describe('stats', () => {
    it('count hits, misses, sets and deletes of this view, and of the views in it', async () => {
      const cache = open()
      const view = cache.namespace('view')
      await cache.set('a', 1)
      await view.set('b', 1)
      await view.get('b')
      await view.get('none')
      await cache.getMany(['a', 'none'])
      await view.delete('b')
      expect(view.stats()).toMatchObject({ hits: 1, misses: 1, hitRate: 0.5, sets: 1, deletes: 1 })
      expect(cache.stats()).toMatchObject({ hits: 2, misses: 2, sets: 2, deletes: 1 })
      view.resetStats()
      expect(view.stats()).toMatchObject({ hits: 0, hitRate: 0 })
      expect(cache.stats().hits).toBe(2)
    })

    it('count what cannot be read as a miss', async () => {
      const cache = open()
      await cache.store.set(`${cache.prefix}:foreign`, '{')
      await cache.get('foreign')
      expect(cache.stats()).toMatchObject({ hits: 0, misses: 1, unreadable: 1 })
    })
  })

  describe('views', () => {
    it('nest, and clear touches the view alone', async () => {
      const cache = open()
      const [eu, euShop] = [cache.namespace('eu'), cache.namespace('eu').namespace('shop')]
      await cache.set('key', 'root')
      await eu.set('key', 'eu')
      await euShop.set('key', 'eu shop')
      await cache.namespace('europe').set('key', 'europe')
      expect(await eu.clear()).toBe(2)
      expect(await euShop.get('key')).toBeUndefined()
      expect(await cache.get('key')).toBe('root')
      expect(await cache.namespace('europe').get('key')).toBe('europe')
    })

    it('whose names hold globs or separators stay apart', async () => {
      const cache = open()
      const names = ['a', 'a*', 'a?', '[a-z]', 'a:b', 'a%3Ab', '*', '@a', 'ä', '{a}']
      for (const name of names) await cache.namespace(name).set('key', name)
      for (const name of names) expect(await cache.namespace(name).get('key')).toBe(name)
      expect(await cache.namespace('*').clear()).toBe(1)
      for (const name of names.filter((one) => one !== '*')) {
        expect(await cache.namespace(name).get('key')).toBe(name)
      }
    })

    it('of tenants cannot collide or reach each other', async () => {
      const cache = open()
      await cache.tenant('a:b').set('c', 'first')
      await cache.tenant('a').set('b:c', 'second')
      await cache.namespace('@a').set('b:c', 'namespace')
      await cache.tenant('a*').clear()
      expect(await cache.tenant('a:b').get('c')).toBe('first')
      expect(await cache.tenant('a').get('b:c')).toBe('second')
      expect(await cache.tenant('a').clear()).toBe(1)
      expect(await cache.tenant('a:b').get('c')).toBe('first')
      expect(await cache.namespace('@a').get('b:c')).toBe('namespace')
    })

    it('leave the state of operations alone when they are cleared', async () => {
      const cache = open()
      const lock = cache.stateKey('lock', 'job')
      await cache.store.set(lock, 'held')
      await cache.set('lock', 'cached')
      expect(await cache.clear()).toBe(1)
      expect(await cache.store.get(lock)).toBe('held')
      await cache.store.delete([lock])
    })
  })

  it('answers a ping', async () => {
    expect(await open().ping()).toBe(true)
  })
}
