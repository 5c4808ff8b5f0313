import type { Codec } from '@sluice/core'
import { compressed, json, taggedJson } from '@sluice/core/codecs'
import { msgpack } from '@sluice/core/msgpack'

/** Every codec, by the name that the guide gives it. */
export const codecs: Readonly<Record<string, Codec>> = {
  taggedJson,
  json,
  'msgpack()': msgpack(),
  'compressed(taggedJson)': compressed(taggedJson, { above: 0 }),
  'compressed(msgpack())': compressed(msgpack(), { above: 0 }),
}

class Money {
  readonly pence = 5
}

const cycle: { list: unknown[] } = { list: [] }
cycle.list.push({ back: cycle })

const bytes = Uint8Array.of(0, 1, 254, 255)

/** One value of every kind that serialisers differ on, by the name that the guide gives it. */
export const kinds: Readonly<Record<string, unknown>> = {
  'text, numbers, booleans, `null`, plain objects and arrays': {
    text: 'ünïcödé \u0000 \u{1f30a} "\\',
    numbers: [0, -1, 1.5, 2 ** 53, -1e300, 5e-324],
    truth: [true, false, null],
    nested: { list: [[], {}, ''] },
  },
  'whole numbers at the top': Number.MIN_SAFE_INTEGER,
  'keys named `constructor`, `toString`, `$`': { constructor: 1, toString: { $: 'date', v: 5 } },
  'half a surrogate pair, in text and in keys': { 'key \udfff': ['a\ud800b'] },
  '`undefined` in objects and arrays': { gone: undefined, list: [1, undefined] },
  'NaN, Infinity, -Infinity': [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  '-0': { zero: -0 },
  BigInt: { small: 5n, huge: -(2n ** 200n) },
  Date: new Date(1_700_000_000_123),
  'invalid Date': { at: new Date(Number.NaN) },
  'Map with any keys': new Map<unknown, unknown>([
    [{ a: 1 }, new Date(5)],
    ['b', undefined],
  ]),
  Set: new Set([1, 'a', Number.NaN]),
  Buffer: { file: Buffer.from(bytes) },
  Uint8Array: bytes,
  'other typed arrays': [Float64Array.of(0.1, -0, Number.NaN), BigInt64Array.of(-1n, 5n)],
  'one object twice': Array.from({ length: 2 }, () => ({ shared: true })),
  'class instance': { price: new Money() },
  Error: new Error('x'),
  'RegExp, URL': [/x/, new URL('https://example.com')],
  'function, symbol': { f: () => 1 },
  cycle,
  'own `__proto__`': JSON.parse('{"a":{"__proto__":{"x":1}}}'),
  'subclass of Array, Map, Date': new (class Ids extends Array {})(),
}
