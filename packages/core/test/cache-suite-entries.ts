import { expect, it, describe } from 'vitest'
import type { OpenCache } from './cache-suite.ts'

/** One entry: its value, its ttl, the options of a write. */
export function entryPromises(open: OpenCache): void {
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
}
