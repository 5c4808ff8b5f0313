import type { Codec } from '../codec.ts'
import { OptionError } from '../errors.ts'
import { startsBytes, type Payload } from '../payload.ts'
import { show } from '../show.ts'
import type { Counters } from '../stats.ts'
import { createCopiedValues } from './copied-values.ts'
import { createFrozenValues } from './frozen-values.ts'
import type { KnownValues } from './known-values.ts'

/** Whether each reader gets a copy of its own, or all share one that is frozen. */
export type ValueSharing = 'copy' | 'frozen'

/** Values as a cache writes and reads them. */
export interface Values {
  /** @throws OptionError for undefined, ValueError for what would not come back as it went in */
  encode(value: unknown): Payload
  /** `undefined` stays: it stands for no entry. */
  encodeIfAny(value: unknown): Payload | undefined
  /**
   * What cannot be read is `undefined`: the next write heals it. The reader vouches for the type, as with JSON.parse.
   * @param key of the store, under which a shared value is found again
   */
  decode<Value>(key: string, payload: Payload): Value | undefined
}

/**
 * The values of one cache; all views of it share them.
 *
 * @param isNear the store has payloads in this process: only then they come again and again without having been read anew
 */
export function createValues(codec: Codec, sharing: ValueSharing, isNear: boolean): Values {
  const encodeIfAny = (value: unknown): Payload | undefined => {
    if (isCount(value)) return String(value)
    return value === undefined ? undefined : checkPayload(codec.encode(value))
  }
  const decode = (payload: Payload): unknown => {
    try {
      return codec.decode(payload)
    } catch {
      return undefined
    }
  }
  const known = knownValues(sharing, isNear, decode)
  return {
    encodeIfAny,
    encode(value) {
      const payload = encodeIfAny(value)
      if (payload !== undefined) return payload
      throw new OptionError(
        'Expected a value to cache; got undefined, which means "none". Cache null, or delete the key.',
      )
    },
    decode<Value>(key: string, payload: Payload): Value | undefined {
      const count = typeof payload === 'string' ? countIn(payload) : undefined
      if (count !== undefined) return count as Value
      return (known === undefined ? decode(payload) : known.read(key, payload)) as Value
    },
  }
}

function knownValues(
  sharing: ValueSharing,
  isNear: boolean,
  decode: (payload: Payload) => unknown,
): KnownValues | undefined {
  if (sharing === 'frozen') return createFrozenValues(decode)
  return isNear ? createCopiedValues(decode) : undefined
}

/** Reads a payload and counts the hit or the miss. */
export function valueReader(
  values: Values,
  counters: Counters | undefined,
): <Value>(key: string, payload: Payload | undefined) => Value | undefined {
  return <Value>(key: string, payload: Payload | undefined): Value | undefined => {
    const value = payload === undefined ? undefined : values.decode<Value>(key, payload)
    if (counters === undefined) return value
    if (value !== undefined) counters.add('hits', 1)
    else {
      counters.add('misses', 1)
      if (payload !== undefined) counters.add('unreadable', 1)
    }
    return value
  }
}

/** What is written as decimal text whatever the codec, so that INCR works on it. -0 would come back as 0. */
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && !Object.is(value, -0)
}

const [zero, nine, minus] = [0x30, 0x39, 0x2d]

/** The whole number that a text is, written as a counter is: no leading zeros, no fraction, a safe integer. */
function countIn(text: string): number | undefined {
  const start = text.charCodeAt(0) === minus ? 1 : 0
  const digits = text.length - start
  if (digits < 1 || digits > 16) return undefined
  if (text.charCodeAt(start) === zero) return text === '0' ? 0 : undefined
  let count = 0
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < zero || code > nine) return undefined
    count = count * 10 + (code - zero)
  }
  // Sixteen digits may be too many: then the sum was rounded, and to something that is not safe.
  if (!Number.isSafeInteger(count)) return undefined
  return start === 1 ? -count : count
}

/** A payload must say what it is by its first byte, or another reader takes it for something else. */
function checkPayload(payload: Payload): Payload {
  const isText = typeof payload === 'string'
  if (isText ? countIn(payload) === undefined : isMarkedBytes(payload)) return payload
  throw new OptionError(
    'Expected the codec to make text other than a whole number, or a Buffer that starts with a byte from 0x80 to 0xC1 ' +
      `(see Codec); got ${show(isText ? payload : (payload as Buffer | undefined)?.[0])}.`,
  )
}

function isMarkedBytes(payload: unknown): boolean {
  return Buffer.isBuffer(payload) && startsBytes(payload[0])
}
