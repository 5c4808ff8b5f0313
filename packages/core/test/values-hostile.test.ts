import { createCache } from '@sluice/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codecs } from './payloads.ts'

describe.each(Object.entries(codecs))('%s against hostile values', (name, codec) => {
  const cache = createCache({ codec, prefix: 'hostile' })

  const data = fc.anything({
    withBigInt: name !== 'json',
    withDate: name !== 'json',
    withMap: name !== 'json',
    withSet: name !== 'json',
    withTypedArray: name !== 'json',
    key: fc.oneof(
      fc.string({
        unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
      }),
      fc.constantFrom('constructor', 'toString', '$', 'v', 'length', '0', 'hasOwnProperty'),
    ),
    values: [
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: name === 'json', noDefaultInfinity: name === 'json' }),
      fc.string({
        unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
      }),
      fc.constantFrom(null, 2 ** 31, 2 ** 32, -(2 ** 31) - 1, 2 ** 63, 2 ** 64, 1e21),
      ...(name === 'json' ? [] : [fc.constant(undefined), fc.constant(-0)]),
    ],
  })

  it('gives back equal, as its own, whatever it takes', async () => {
    await fc.assert(
      fc.asyncProperty(data, async (value) => {
        const refusal = await cache.set('any', value).then(
          () => undefined,
          (error: { code: string }) => error.code,
        )
        // Strict JSON refuses some data, and undefined is no value; nothing else may be refused.
        const refusable = value === undefined ? 'SLUICE_OPTION' : 'SLUICE_VALUE'
        expect([
          undefined,
          ...(value === undefined || name === 'json' ? [refusable] : []),
        ]).toContain(refusal)
        if (refusal !== undefined) return
        const [one, other] = [await cache.get('any'), await cache.get('any')]
        expect([one, other]).toEqual([value, value])
        const shared = one === other && typeof one === 'object' && one !== null
        expect(shared).toBe(false)
      }),
      { numRuns: 400 },
    )
  })

  it('999 levels come back, a hundred thousand are refused', async () => {
    const nest = (levels: number): unknown => {
      let value: unknown = 1.5
      for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { in: value }
      return value
    }
    await cache.set('deep', nest(999))
    expect(JSON.stringify(await cache.get('deep'))).toBe(JSON.stringify(nest(999)))
    await expect(cache.set('deep', nest(100_000))).rejects.toMatchObject({ code: 'SLUICE_VALUE' })
  })

  it('a payload that is cut short anywhere is a counted miss, or a value; never an error', async () => {
    const whole = codec.encode({ list: ['text', 1.5, { a: true }], long: 'ab'.repeat(600) })
    const cut = (at: number): string | Buffer =>
      typeof whole === 'string' ? whole.slice(0, at) : whole.subarray(0, at)
    for (let at = 1; at < whole.length; at++) {
      await cache.store.set('hostile:cut', cut(at))
      expect(await cache.get('cut'), `cut at ${at}`).toBeUndefined()
    }
    expect(cache.stats().unreadable).toBe(whole.length - 1)
    cache.resetStats()
  })

  it('foreign payloads are values or counted misses: nothing throws, hangs or pollutes', async () => {
    const payload = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((text) => `=${text}`),
      fc
        .tuple(fc.integer({ min: 0x80, max: 0xc1 }), fc.uint8Array({ maxLength: 40 }))
        .map(([mark, bytes]) => Buffer.from([mark, ...bytes])),
      fc
        .tuple(fc.constantFrom(0x81, 0x82, 0x83), fc.uint8Array({ maxLength: 12 }))
        .map(([mark, bytes]) => Buffer.from([mark, ...bytes])),
    )
    let [reads, found] = [0, 0]
    await fc.assert(
      fc.asyncProperty(payload, async (foreign) => {
        await cache.store.set('hostile:foreign', foreign)
        const value = await cache.get('foreign')
        reads++
        if (value !== undefined) found++
        expect(cache.stats()).toMatchObject({ hits: found, misses: reads - found })
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
      { numRuns: 600 },
    )
  })

  it.each([
    '{"a":{"__proto__":{"polluted":1}}}',
    '{"a":{"__pro\\u0074o__":{"polluted":1}}}',
    '={"a":{"$":"object","v":[["__proto__",{"polluted":1}]]}}',
    '={"a":{"$":"object","v":[["__pro\\u0074o__",{"polluted":1}]]}}',
  ])('%s cannot pollute whoever copies it', async (payload) => {
    await cache.store.set('hostile:proto', payload)
    const value = await cache.get<{ a: object }>('proto')
    expect(Object.hasOwn(value?.a ?? {}, '__proto__')).toBe(false)
    expect(Object.assign({}, value?.a)).not.toHaveProperty('polluted')
  })

  it('50 MB of text come back', { timeout: 120_000 }, async () => {
    const text = 'abcdefg\u00e9 "quoted" '.repeat(3_000_000)
    expect(text.length).toBeGreaterThan(50_000_000)
    await cache.set('huge', { text })
    expect((await cache.get<{ text: string }>('huge'))?.text === text).toBe(true)
    await cache.clear()
  })
})
