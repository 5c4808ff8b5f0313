import { createCache, ValueError, type Codec, type Store } from '@sluice/core'
import { uniquePrefix } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { codecs, kinds } from './payloads.ts'
import { fidelityTable } from './values-guide.ts'

/** What every store promises of values: the table of docs/values-and-codecs.md, whatever the codec. */
export function fidelitySuite(store: Store): void {
  const table = fidelityTable()

  it('the guide tells of every kind and every codec', () => {
    expect(Object.keys(table)).toEqual(Object.keys(kinds))
    for (const row of Object.values(table)) expect(Object.keys(row)).toEqual(Object.keys(codecs))
  })

  describe.each(Object.entries(codecs))('%s', (name, codec) => {
    const cache = createCache({ store, codec, prefix: uniquePrefix('values') })

    it.each(Object.entries(kinds))('%s: does what the guide says', async (kind, value) => {
      expect(await outcome(value)).toBe(table[kind]?.[name])
    })

    async function outcome(value: unknown): Promise<string> {
      try {
        await cache.set('value', value, '1m')
      } catch (error) {
        return error instanceof ValueError ? 'refused' : `threw ${String(error)}`
      }
      const read = [await cache.get('value'), (await cache.getMany(['value'])).get('value')]
      return [...read, await cache.take('value')].every((back) => isSame(back, value))
        ? 'kept'
        : 'changed'
    }

    it('counters work, and are decimal text', async () => {
      await cache.set('count', 41, '1m')
      expect(await cache.increment('count')).toBe(42)
      expect(await cache.get('count')).toBe(42)
      expect(await cache.update<number>('count', (count = 0) => count - 50)).toBe(-8)
      expect(await cache.increment('fresh', 3, { ttl: '1m' })).toBe(3)
      expect(await cache.store.get(`${prefixOf(cache)}:count`)).toBe('-8')
    })

    it('values are compared and swapped, updated, kept and taken as with any codec', async () => {
      const long = { text: 'a long text '.repeat(200), n: 1.5 }
      await cache.set('entry', long, '1m')
      expect(await cache.compareAndSwap('entry', { ...long, n: 2 }, 'x')).toBe(false)
      expect(await cache.compareAndSwap('entry', long, { ...long, n: 2 })).toBe(true)
      await cache.update<typeof long>('entry', (found) => ({ ...long, n: (found?.n ?? 0) + 1 }))
      expect(await cache.set('entry', { ...long, n: 4 }, { keepTtl: true, ifPresent: true })).toBe(
        true,
      )
      expect(await cache.ttl('entry')).toBeLessThanOrEqual(60_000)
      expect(await cache.take('entry')).toEqual({ ...long, n: 4 })
      await cache.setMany([['many', long]], '1m')
      expect(await cache.get('many')).toEqual(long)
    })

    it('what a reader changes, no other reader sees', async () => {
      // Strict JSON has no bytes; bytes are where a copy is most easily forgotten.
      const odd =
        name === 'json' ? {} : { bytes: Buffer.alloc(2000), numbers: Float64Array.of(1, 2) }
      await cache.set('own', { list: [1, { n: 2 }], ...odd }, '1m')
      const mine = await cache.get<{ list: unknown[]; bytes?: Buffer; numbers?: Float64Array }>(
        'own',
      )
      mine?.list.push('mine')
      mine?.bytes?.fill(7)
      mine?.numbers?.fill(7)
      expect(await cache.get('own')).toStrictEqual({ list: [1, { n: 2 }], ...odd })
    })

    it('frozen, one object is shared until the entry changes, whoever changes it', async () => {
      const prefix = uniquePrefix('frozen')
      const frozen = createCache({ store, codec, prefix, values: 'frozen' })
      const other = createCache({ store, codec, prefix })
      await other.set('entry', { n: 1.5 }, '1m')
      const first = await frozen.get('entry')
      expect(await frozen.get('entry')).toBe(first)
      expect(Object.isFrozen(first)).toBe(true)
      await other.set('entry', { n: 2.5 }, '1m')
      await expect.poll(() => frozen.get('entry')).toEqual({ n: 2.5 })
      await other.delete('entry')
      await expect.poll(() => frozen.get('entry')).toBeUndefined()
    })

    it('entries of every other codec are read or missed, counted, and healed by the next write', async () => {
      const value = { text: 'a long text '.repeat(200), n: 1.5 }
      for (const [other, writer] of Object.entries(codecs)) {
        const prefix = uniquePrefix('live')
        await writeWith(writer, prefix, value)
        const reader = createCache({ store, codec, prefix })
        const found = await reader.get('entry')
        const isReadable = readable(name).has(other)
        expect(found, `${name} reads ${other}`).toEqual(isReadable ? value : undefined)
        expect(reader.stats().unreadable).toBe(isReadable ? 0 : 1)
        expect(await reader.update('entry', (old) => old ?? 'anew')).toEqual(found ?? 'anew')
        expect(reader.stats().unreadable).toBe(isReadable ? 0 : 2)
        expect(await reader.set('entry', 'healed', '1m')).toBe(true)
        expect(await reader.get('entry')).toBe('healed')
      }
    })
  })

  async function writeWith(codec: Codec, prefix: string, value: unknown): Promise<void> {
    await createCache({ store, codec, prefix }).set('entry', value, '1m')
  }

  function prefixOf(cache: { stateKey(area: string, name: string): string }): string {
    return cache.stateKey('area', 'name').split('#')[0] ?? ''
  }
}

function isSame(back: unknown, value: unknown): boolean {
  try {
    expect(back).toStrictEqual(value)
    return true
  } catch {
    return false
  }
}

/** Whose entries a codec reads, as the guide says it: text always, bytes where it is the codec of those bytes. */
function readable(name: string): Set<string> {
  const text = ['taggedJson', 'json']
  return new Set(
    {
      taggedJson: text,
      json: text,
      'msgpack()': [...text, 'msgpack()'],
      'compressed(taggedJson)': [...text, 'compressed(taggedJson)'],
      'compressed(msgpack())': Object.keys(codecs),
    }[name],
  )
}
