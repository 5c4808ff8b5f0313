import { jsonCodec } from '../codec.ts'
import { OptionError } from '../errors.ts'
import type { Counters } from '../stats.ts'

/** @throws OptionError for undefined, ValueError for what would not come back as it went in */
export function encode(value: unknown): string {
  const text = encodeIfAny(value)
  if (text !== undefined) return text
  throw new OptionError(
    'Expected a value to cache; got undefined, which means "none". Cache null, or delete the key.',
  )
}

/** `undefined` stays: it stands for no entry. */
export function encodeIfAny(value: unknown): string | undefined {
  return value === undefined ? undefined : jsonCodec.encode(value)
}

/** Reads a text and counts the hit or the miss. */
export function valueReader(
  counters: Counters | undefined,
): <Value>(text: string | undefined) => Value | undefined {
  return <Value>(text: string | undefined): Value | undefined => {
    const value = text === undefined ? undefined : decode<Value>(text)
    if (text !== undefined && value === undefined) counters?.add('unreadable', 1)
    counters?.add(value === undefined ? 'misses' : 'hits', 1)
    return value
  }
}

/** What cannot be read is a miss: the next write heals it. The reader vouches for the type, as with JSON.parse. */
export function decode<Value>(text: string): Value | undefined {
  try {
    return jsonCodec.decode(text) as Value
  } catch {
    return undefined
  }
}
