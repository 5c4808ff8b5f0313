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
      expect(await cache.namespace('view').set('default', 1)).toBe(true)
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

    it.each([0, -1, 1.5, Number.NaN, 2 ** 53, '', '5', '-5m', '0s', 'soon', null])(
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

  describe('set', () => {
    it('with ifAbsent or ifPresent tells whether it wrote', async () => {
      const cache = open()
      expect(await cache.set('key', 1, { ifPresent: true })).toBe(false)
      expect(await cache.set('key', 1, { ifAbsent: true, ttl: '1m' })).toBe(true)
      expect(await cache.set('key', 2, { ifAbsent: true })).toBe(false)
      expect(await cache.set('key', 3, { ifPresent: true })).toBe(true)
      expect(await cache.get('key')).toBe(3)
      expect(await cache.ttl('key')).toBe(Infinity)
    })

    it("with keepTtl keeps what is left, and gives a new entry the cache's ttl", async () => {
      const cache = open({ ttl: 3_600_000 })
      await cache.set('old', 1, '1m')
      expect(await cache.set('old', 2, { keepTtl: true })).toBe(true)
      expect(await cache.get('old')).toBe(2)
      expect(await cache.ttl('old')).toBeLessThanOrEqual(60_000)
      expect(await cache.set('new', 1, { keepTtl: true })).toBe(true)
      expect(await cache.ttl('new')).toBeGreaterThan(60_000)
      expect(await cache.set('none', 1, { keepTtl: true, ifPresent: true })).toBe(false)
      expect(await cache.has('none')).toBe(false)
    })

    it.each([
      [{ ifAbsent: true, ifPresent: true }, /Give "ifAbsent" alone/],
      [{ ifAbsent: true, keepTtl: true }, /Give "ifAbsent" alone/],
      [{ keepTtl: true, ttl: 5 }, /Give either "ttl" or "keepTtl"/],
      [{ tll: 5 }, /Did you mean "ttl"/],
      [{ ttl: 0 }, /Expected "ttl" to be a duration/],
      [{ keepTtl: 'yes' }, /Expected "keepTtl" to be true or false/],
    ])('refuses %j and changes nothing', async (options, message) => {
      const cache = open()
      await expect(cache.set('key', 1, options as object)).rejects.toThrow(message)
      expect(await cache.has('key')).toBe(false)
    })
  })

  it('touch gives the ttl of the cache anew, persist takes it off', async () => {
    const cache = open({ ttl: 3_600_000 })
    await cache.set('key', 1, '1m')
    expect(await cache.touch('key')).toBe(true)
    expect(await cache.ttl('key')).toBeGreaterThan(60_000)
    expect(await cache.persist('key')).toBe(true)
    expect(await cache.ttl('key')).toBe(Infinity)
    expect([await cache.touch('none'), await cache.persist('none')]).toEqual([false, false])
  })

  it('a ttl comes from the call, else the namespace, else the view around it, else the cache', async () => {
    const cache = open({ ttl: 3_600_000 })
    const brief = cache.namespace('brief', { ttl: '1m' })
    await brief.set('own', 1)
    await brief.namespace('inner').set('inherited', 1)
    await brief.set('called', 1, '2h')
    expect(await brief.ttl('own')).toBeLessThanOrEqual(60_000)
    expect(await brief.namespace('inner').ttl('inherited')).toBeLessThanOrEqual(60_000)
    expect(await brief.ttl('called')).toBeGreaterThan(3_600_000)
    expect(() => cache.namespace('x', { ttl: 0 })).toThrow(/Expected "ttl"/)
  })

  describe('take', () => {
    it('gives the value to one of many callers, and the entry is gone', async () => {
      const cache = open()
      await cache.set('ticket', { seat: 7 })
      const taken = await Promise.all(Array.from({ length: 20 }, () => cache.take('ticket')))
      expect(taken.filter((value) => value !== undefined)).toEqual([{ seat: 7 }])
      expect(await cache.has('ticket')).toBe(false)
    })
  })

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
