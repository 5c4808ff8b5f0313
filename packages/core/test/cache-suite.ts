import { CounterError, createCache, type RootCache, type Store } from '@sluice/core'
import { describe, expect, it } from 'vitest'

/** A store that outlives the caches on it, a prefix that is free, and a way to let the store's time pass. */
export interface CacheSubject {
  readonly store: Store
  readonly prefix: string
  pass(ms: number): Promise<void>
}

/** What every cache promises, whatever its store. */
export function cacheSuite(make: () => CacheSubject): void {
  const open = (options: { ttl?: number } = {}): RootCache & CacheSubject => {
    const subject = make()
    return Object.assign(
      createCache({ ...options, store: subject.store, prefix: subject.prefix }),
      subject,
    )
  }

  describe('values', () => {
    it('tells null, false, 0 and the empty text from a miss', async () => {
      const cache = open()
      for (const value of [null, false, 0, '']) {
        await cache.set('value', value)
        expect(await cache.get('value')).toBe(value)
      }
      expect(await cache.get('missing')).toBeUndefined()
    })

    it('gives each reader a copy of its own', async () => {
      const cache = open()
      const mine = { tags: ['a'] }
      await cache.set('shared', mine)
      mine.tags.push('writer')
      const first = await cache.get<typeof mine>('shared')
      first?.tags.push('reader')
      expect(await cache.get('shared')).toEqual({ tags: ['a'] })
    })

    it('refuses undefined, which means "none"', async () => {
      await expect(open().set('key', undefined)).rejects.toMatchObject({ code: 'SLUICE_OPTION' })
    })

    it('takes what another program wrote and cannot be read as a miss, which the next write heals', async () => {
      const cache = open()
      await cache.store.set(`${cache.prefix}:foreign`, '{"cut":')
      expect(await cache.get('foreign')).toBeUndefined()
      await cache.set('foreign', 1)
      expect(await cache.get('foreign')).toBe(1)
    })

    it('keeps plain data as JSON and integers as decimal text, for other languages to read', async () => {
      const cache = open()
      await cache.set('plain', { name: 'Ada', tags: ['x'] })
      await cache.set('count', 42)
      expect(await cache.store.get(`${cache.prefix}:plain`)).toBe('{"name":"Ada","tags":["x"]}')
      expect(await cache.store.get(`${cache.prefix}:count`)).toBe('42')
    })
  })

  describe('entries', () => {
    it('says whether an entry is there, and whether it was deleted', async () => {
      const cache = open()
      await cache.set('here', 1)
      expect(await cache.has('here')).toBe(true)
      expect(await cache.delete('here')).toBe(true)
      expect(await cache.has('here')).toBe(false)
      expect(await cache.delete('here')).toBe(false)
    })

    it('writes once when absent; an expired entry is absent', async () => {
      const cache = open()
      expect(await cache.setIfAbsent('lock', 'a', 60)).toBe(true)
      expect(await cache.setIfAbsent('lock', 'b', 60)).toBe(false)
      await cache.pass(80)
      expect(await cache.setIfAbsent('lock', 'c')).toBe(true)
      expect(await cache.get('lock')).toBe('c')
    })
  })

  describe('ttl', () => {
    it('answers remaining ms, Infinity without expiry, undefined without the key', async () => {
      const cache = open()
      await cache.set('timed', 1, '1m')
      await cache.set('forever', 1)
      expect(await cache.ttl('timed')).toBeGreaterThan(59_000)
      expect(await cache.ttl('timed')).toBeLessThanOrEqual(60_000)
      expect(await cache.ttl('forever')).toBe(Infinity)
      expect(await cache.ttl('none')).toBeUndefined()
    })

    it("uses the cache's ttl unless the call names one; Infinity means no expiry", async () => {
      const cache = open({ ttl: 60_000 })
      await cache.set('default', 1)
      await cache.set('called', 1, '1h')
      await cache.set('forever', 1, Infinity)
      expect(await cache.ttl('default')).toBeLessThanOrEqual(60_000)
      expect(await cache.ttl('called')).toBeGreaterThan(60_000)
      expect(await cache.ttl('forever')).toBe(Infinity)
      expect(await cache.namespace('view').set('default', 1)).toBeUndefined()
      expect(await cache.namespace('view').ttl('default')).toBeLessThanOrEqual(60_000)
    })

    it('expire changes a live entry only', async () => {
      const cache = open()
      await cache.set('entry', 1)
      expect(await cache.expire('entry', '1m')).toBe(true)
      expect(await cache.ttl('entry')).toBeLessThanOrEqual(60_000)
      expect(await cache.expire('entry', Infinity)).toBe(true)
      expect(await cache.ttl('entry')).toBe(Infinity)
      expect(await cache.expire('none', '1m')).toBe(false)
    })

    it.each([0, -1, 1.5, Number.NaN, 2 ** 53, '', '5', '-5m', '0s', 'soon', null, {}])(
      'refuses a ttl of %j by name, and changes nothing',
      async (ttl) => {
        const cache = open()
        await expect(cache.set('key', 1, ttl as number)).rejects.toThrow(
          /Expected "ttl" to be a duration/,
        )
        expect(await cache.has('key')).toBe(false)
      },
    )
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
