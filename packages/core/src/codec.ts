import { isPlain } from './plain.ts'
import type { Payload } from './payload.ts'
import { reviveTagged } from './revive-tagged.ts'
import { createTagger } from './tagged.ts'

/**
 * How values become the payload that a store keeps, and back. Whole numbers never reach a codec: a cache writes them as
 * decimal text, so that counters work with every codec.
 *
 * A codec of bytes starts each payload with a byte from 0x90 to 0xC1 (Sluice's own use 0x80 to 0x8F), so that no store
 * takes it for text and no other codec for its own.
 */
export interface Codec {
  /** @throws ValueError with the path of what cannot be kept */
  encode(value: unknown): Payload
  /**
   * Reads what `encode` made, and what other codecs made if it can tell.
   * @throws Error for anything else; a cache counts that as a miss
   */
  decode(payload: Payload): unknown
}

/** A codec whose payloads are text. */
export interface TextCodec extends Codec {
  encode(value: unknown): string
}

/** Starts the text of a value that JSON alone would change. No JSON text starts with it. */
const tagMark = '='

const toTagged = createTagger({
  keepsNumber: (value) => Number.isFinite(value) && !Object.is(value, -0),
  keepsText: () => true,
  bytes: (bytes) => bytes.toString('base64'),
})

/**
 * The default codec: JSON wherever JSON is loss-free, so that other languages and `redis-cli` read it; otherwise `=` and
 * JSON in which Date, Map, Set, BigInt, bytes, `undefined`, NaN, ±Infinity and -0 are tagged. What neither form can keep
 * is refused with the path to it.
 */
export const taggedJson: TextCodec = {
  encode(value) {
    if (isPlain(value)) return JSON.stringify(value)
    const { data, tagged } = toTagged(value)
    return (tagged ? tagMark : '') + JSON.stringify(data)
  },
  decode(payload) {
    if (typeof payload !== 'string') throw new Error('bytes of another codec')
    if (payload.startsWith('"')) return decodeString(payload)
    const tagged = payload.startsWith(tagMark)
    const parsed: unknown = JSON.parse(tagged ? payload.slice(1) : payload)
    if (mayNameProto(payload)) dropProto(parsed)
    return tagged ? reviveTagged(parsed) : parsed
  },
}

/** Most strings need no unescaping, which is most of what JSON.parse costs. */
function decodeString(text: string): unknown {
  const verbatim = text.indexOf('"', 1) === text.length - 1 && !text.includes('\\')
  return verbatim ? text.slice(1, -1) : JSON.parse(text)
}

/** Text written by us names no own `__proto__`; a foreign payload may, plainly or by an escape. */
function mayNameProto(text: string): boolean {
  return text.includes('__proto__') || text.includes('\\u00')
}

/** Drops every own `__proto__`, which would pollute whoever copies the value with `Object.assign`. */
function dropProto(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  if (Object.hasOwn(value, '__proto__')) Reflect.deleteProperty(value, '__proto__')
  for (const member of Object.values(value)) dropProto(member)
}
