import { createCache, OptionError, type Codec } from '@sluice/core'
import { compressed, json, taggedJson } from '@sluice/core/codecs'
import { memoryStore } from '@sluice/core/memory'
import { msgpack } from '@sluice/core/msgpack'
import { randomBytes } from 'node:crypto'
import { brotliCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { fidelitySuite } from './fidelity.ts'
import { codecs } from './payloads.ts'

describe('values in memory', () => {
  fidelitySuite(memoryStore())
})

describe('whole numbers', () => {
  const edges = [2 ** 53 - 1, 2 ** 53 - 2, 2 ** 53 - 41, 10 ** 15, 10 ** 15 - 1, 10, 1, 0]
  it.each(edges.flatMap((edge) => [edge, 0 - edge]))('%d is decimal text, and exact', async (n) => {
    const cache = createCache()
    await cache.set('n', n)
    expect(await cache.store.get('sluice:n')).toBe(String(n))
    expect(await cache.get('n')).toBe(n)
  })

  it.each(['007', '-', '-01', '1_000', '0x10', '1 2', '+1'])(
    '%j is none, and a miss',
    async (text) => {
      const cache = createCache()
      await cache.store.set('sluice:n', text)
      expect(await cache.get('n')).toBeUndefined()
    },
  )
})

it.each(['"cut', '"a"b"', '"', '"cut\\"', '"a",'])('the payload %s is a miss', async (text) => {
  const cache = createCache()
  await cache.store.set('sluice:text', text)
  expect(await cache.get('text')).toBeUndefined()
  expect(cache.stats().unreadable).toBe(1)
})

describe('strict JSON', () => {
  it.each([
    [{ a: [1, { at: new Date() }] }, '$.a[1].at', 'a Date'],
    [{ a: undefined }, '$.a', 'undefined'],
    [[[Number.NaN]], '$[0][0]', 'NaN'],
    [{ $: 1, b: new Map() }, '$.b', 'a Map'],
    [{ big: 1n }, '$.big', 'a BigInt'],
    [[Buffer.of(1)], '$[0]', 'a Buffer'],
    [-0, '$', '-0'],
  ])('names what JSON would lose: %o', (value, path, what) => {
    expect(() => json.encode(value)).toThrow(
      expect.objectContaining({ path, message: expect.stringContaining(what) as string }) as Error,
    )
  })
})

describe('compression', () => {
  const text = 'all work and no play '.repeat(200)

  it('starts above the size that is asked for, and keeps what does not get a tenth smaller', () => {
    const codec = compressed(taggedJson, { above: text.length })
    expect(typeof codec.encode(text.slice(2))).toBe('string')
    expect(Buffer.isBuffer(codec.encode(text))).toBe(true)
    const noise = { noise: randomBytes(3000) }
    expect(compressed(msgpack(), { above: 0 }).encode(noise)).toEqual(msgpack().encode(noise))
  })

  it('is bounded: a bomb is a miss, and a value over the bound is kept as it is', async () => {
    const codec = compressed(taggedJson, { above: 100, maxOutputLength: 10_000 })
    expect(codec.encode('x'.repeat(20_000))).toBe(`"${'x'.repeat(20_000)}"`)
    const cache = createCache({ codec })
    const bomb = brotliCompressSync(Buffer.from(`"${'x'.repeat(5_000_000)}"`))
    await cache.store.set('sluice:bomb', Buffer.concat([Buffer.of(0x83), bomb]))
    expect(bomb.length).toBeLessThan(1000)
    expect(await cache.get('bomb')).toBeUndefined()
    expect(cache.stats().unreadable).toBe(1)
  })

  it('can be turned off on a live cache: Infinity reads and does not compress', () => {
    const off = compressed(taggedJson, { above: Number.POSITIVE_INFINITY })
    expect(off.decode(compressed(taggedJson).encode(text))).toBe(text)
    expect(off.encode(text)).toBe(JSON.stringify(text))
  })

  it.each([{ above: -1 }, { above: '1kb' }, { maxOutputLength: 0 }, { abov: 1 }])(
    'refuses %j',
    (options) => {
      expect(() => compressed(taggedJson, options as object)).toThrow(OptionError)
    },
  )
})

describe('a codec of your own', () => {
  const made = (payload: unknown): Codec => ({
    encode: () => payload as string,
    decode: () => 'decoded',
  })
  it.each([
    ['text that is a whole number', '42'],
    ['bytes that may be text', Buffer.from('{}')],
    ['no bytes', Buffer.of()],
    ['bytes that are no Buffer', Uint8Array.of(0x90)],
    ['nothing', undefined],
  ])('is refused %s', async (_, payload) => {
    const cache = createCache({ codec: made(payload) })
    await expect(cache.set('key', { a: 1 })).rejects.toThrow(OptionError)
    expect(await cache.has('key')).toBe(false)
  })
  it.each([Buffer.of(0x90), Buffer.of(0xc1, 1), 'any text', '-', ''])(
    'may make %j',
    async (payload) => {
      const cache = createCache({ codec: made(payload) })
      await cache.set('key', { a: 1 })
      expect(await cache.get('key')).toBe('decoded')
    },
  )
  it.each([
    { codec: 'json' },
    { codec: { encode: () => '' } },
    { codec: null },
    { values: 'cold' },
  ])('createCache refuses %j', (options) => {
    expect(() => createCache(options as object)).toThrow(OptionError)
  })
})

it('reads find more keys than are remembered, each its own, in every view', async () => {
  const cache = createCache({ store: memoryStore({ maxEntries: 50_000 }) })
  const other = cache.namespace('other')
  const keys = Array.from({ length: 5000 }, (_, at) => `key:${at}`)
  await cache.setMany(keys.map((key, at) => [key, at]))
  await other.setMany(keys.map((key, at) => [key, -1 - at]))
  for (let round = 0; round < 2; round++) {
    for (const [at, key] of keys.entries()) {
      expect(await cache.get(key)).toBe(at)
      expect(await other.get(key)).toBe(-1 - at)
    }
  }
})

describe('frozen values', () => {
  it.each(Object.entries(codecs))(
    '%s: one object for all readers, until it changes',
    async (_, codec) => {
      const cache = createCache({ values: 'frozen', codec })
      await cache.set('entry', { list: [{ n: 1 }] })
      const first = await cache.get<{ list: { n: number }[] }>('entry')
      expect(await cache.get('entry')).toBe(first)
      expect((await cache.getMany(['entry'])).get('entry')).toBe(first)
      expect(() => first?.list.push({ n: 2 })).toThrow(TypeError)
      expect(() => Object.assign(first?.list[0] ?? {}, { n: 2 })).toThrow(TypeError)

      await cache.set('entry', { list: [{ n: 2 }] })
      expect(await cache.get('entry')).toEqual({ list: [{ n: 2 }] })
      expect(await cache.update<object>('entry', (old) => ({ ...old, more: true }))).toEqual({
        list: [{ n: 2 }],
        more: true,
      })
      await cache.delete('entry')
      expect(await cache.get('entry')).toBeUndefined()
    },
  )

  it("the writer's own object is not frozen", async () => {
    const cache = createCache({ values: 'frozen' })
    const mine = { n: 1 }
    await cache.set('entry', mine)
    await cache.get('entry')
    mine.n = 2
    expect(await cache.get('entry')).toEqual({ n: 1 })
  })

  it('an unchanged value is decoded once, however often it is read', async () => {
    let decoded = 0
    const codec: Codec = {
      encode: taggedJson.encode,
      decode: (payload) => {
        decoded++
        return taggedJson.decode(payload)
      },
    }
    const cache = createCache({ values: 'frozen', codec })
    for (let n = 0; n < 3; n++) await cache.namespace(`n${n}`).set('entry', { n })
    for (let read = 0; read < 100; read++) {
      for (let n = 0; n < 3; n++) expect(await cache.namespace(`n${n}`).get('entry')).toEqual({ n })
    }
    expect(decoded).toBe(3)
  })

  it('many more values than are kept decoded are still right, changed or not', async () => {
    const cache = createCache({ values: 'frozen', store: memoryStore({ maxEntries: 50_000 }) })
    const count = 12_000
    for (const round of [1, 2, 3]) {
      const changed = Array.from({ length: count / round }, (_, n) => n * round)
      await cache.setMany(changed.map((n) => [`k${n}`, { n, round }] as const))
      const keys = changed.map((n) => `k${n}`).toReversed()
      const values = keys.map((key) => cache.get<{ round: number }>(key))
      for (const value of await Promise.all(values)) expect(value?.round).toBe(round)
    }
  })

  it.each<[string, object]>([
    ['a Date', { part: {}, odd: new Date(5) }],
    ['a Map', { part: {}, odd: new Map([['a', { b: 1 }]]) }],
    ['a Set', { part: {}, odd: new Set([1]) }],
    ['a Buffer', { part: {}, odd: Buffer.of(1, 2) }],
    ['a typed array', { part: {}, odd: Float64Array.of(1) }],
  ])('a value with %s is read anew for each reader, its plain parts frozen', async (_, value) => {
    const cache = createCache({ values: 'frozen' })
    await cache.set('entry', value)
    const [one, other] = [
      await cache.get<{ part: object; odd: object }>('entry'),
      await cache.get<{ odd: object }>('entry'),
    ]
    expect(one).toStrictEqual(value)
    expect(one?.odd).not.toBe(other?.odd)
    expect(Object.isFrozen(one?.part)).toBe(true)
    Object.assign(one?.odd ?? {}, { 0: 99 })
    expect(await cache.get('entry')).toStrictEqual(value)
  })
})
