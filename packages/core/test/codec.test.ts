import { ValueError } from '@sluice/core'
import { taggedJson } from '@sluice/core/extend'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const roundTrip = (value: unknown): unknown => taggedJson.decode(taggedJson.encode(value))

describe('what JSON keeps stays plain JSON', () => {
  it.each([0, 42, -7, 1.5, 'text', '', true, null, [], {}, [1, [2]], { a: { b: null } }, '=x'])(
    '%j',
    (value) => {
      expect(taggedJson.encode(value)).toBe(JSON.stringify(value))
      expect(roundTrip(value)).toStrictEqual(value)
    },
  )
})

describe('what JSON would change comes back as it was', () => {
  const bytes = Uint8Array.of(0, 1, 254, 255)
  it.each<[string, unknown]>([
    ['undefined in an object', { a: undefined, b: 1 }],
    ['undefined in an array', [undefined, 1]],
    ['NaN', Number.NaN],
    ['Infinity', { n: Number.POSITIVE_INFINITY }],
    ['-Infinity', [Number.NEGATIVE_INFINITY]],
    ['-0', -0],
    ['a Date', { at: new Date(1_700_000_000_123) }],
    ['an invalid Date', new Date(Number.NaN)],
    [
      'a Map with object keys',
      new Map<unknown, unknown>([
        [{ a: 1 }, new Date(5)],
        ['b', undefined],
      ]),
    ],
    ['a Set', new Set([1, 'a', Number.NaN])],
    ['a BigInt', 123_456_789_012_345_678_901_234_567_890n],
    ['a Buffer', Buffer.from(bytes)],
    ['a Uint8Array', bytes],
    ['a Float64Array', Float64Array.of(0.1, -0, Number.NaN)],
    ['a BigInt64Array', BigInt64Array.of(-1n, 5n)],
    ['an object that owns a $', { $: 'date', v: 5, at: new Date(5) }],
    ['nested in each other', { list: [new Map([['k', [new Set([1n])]]])] }],
  ])('%s', (_, value) => {
    expect(taggedJson.encode(value).startsWith('=')).toBe(true)
    expect(roundTrip(value)).toStrictEqual(value)
  })

  it('lone surrogates', () => {
    expect(roundTrip('a\ud800b')).toBe('a\ud800b')
  })
})

describe('what no form can keep is refused with the path to it', () => {
  class Money {}
  const cycle: { list: unknown[] } = { list: [] }
  cycle.list.push({ back: cycle })
  it.each<[string, unknown, string]>([
    ['a function', { a: { f: () => 1 } }, '$.a.f'],
    ['a symbol', [Symbol('s')], '$[0]'],
    ['a class instance', { price: new Money() }, '$.price'],
    ['an Error', { error: new Error('x') }, '$.error'],
    ['a RegExp', [1, /x/], '$[1]'],
    ['a cycle', cycle, '$.list[0].back'],
    ['a symbol key', { [Symbol('s')]: 1 }, '$'],
    ['an own __proto__', JSON.parse('{"a":{"__proto__":{"x":1}}}'), '$.a'],
    ['a DataView', { view: new DataView(new ArrayBuffer(2)) }, '$.view'],
  ])('%s', (_, value, path) => {
    expect(() => taggedJson.encode(value)).toThrow(ValueError)
    expect(() => taggedJson.encode(value)).toThrow(expect.objectContaining({ path }) as Error)
  })

  it('the same object twice is no cycle', () => {
    const shared = { a: 1 }
    expect(roundTrip({ x: shared, y: shared })).toStrictEqual({ x: { a: 1 }, y: { a: 1 } })
  })
})

describe('hostile payloads', () => {
  it('cannot pollute a prototype, plainly or by an escape', () => {
    for (const text of [
      '{"a":{"__proto__":{"polluted":1}}}',
      '{"a":{"__pro\\u0074o__":{"polluted":1}}}',
    ]) {
      const value = taggedJson.decode(text) as { a: object }
      expect(Object.hasOwn(value.a, '__proto__')).toBe(false)
      expect(Object.assign({}, value.a)).not.toHaveProperty('polluted')
    }
  })

  it('a thousand levels come back, a hundred thousand are refused', () => {
    const nest = (levels: number): unknown => {
      let value: unknown = 1
      for (let level = 0; level < levels; level++) value = [value]
      return value
    }
    expect(JSON.stringify(roundTrip(nest(999)))).toBe(JSON.stringify(nest(999)))
    expect(() => taggedJson.encode(nest(100_000))).toThrow(ValueError)
  })

  it.each([
    '',
    '{',
    '={"$":"bytes"}',
    '={"$":"Function","v":"x"}',
    '={"$":"map","v":3}',
    'undefined',
    '=',
    '\u0000',
  ])('%j throws instead of becoming a value', (text) => {
    expect(() => taggedJson.decode(text)).toThrow(Error)
  })

  it('any text either decodes or throws an Error: nothing hangs, nothing else is thrown', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json().map((json) => `=${json}`),
    )
    const outcome = (payload: string): unknown => {
      try {
        return typeof taggedJson.decode(payload)
      } catch (error) {
        return error instanceof Error ? 'error' : error
      }
    }
    fc.assert(fc.property(text, (payload) => typeof outcome(payload) === 'string'))
  })
})

it('every value of data comes back equal', () => {
  const data = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
  })
  fc.assert(
    fc.property(
      data.filter((value) => !JSON.stringify(value, hideBigInt)?.includes('"__proto__"')),
      (value) => {
        expect(roundTrip(value)).toEqual(value)
      },
    ),
    { numRuns: 500 },
  )
})

function hideBigInt(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? 0 : value
}
