import { reviveTagged, toTagged } from './tagged.ts'

/** How values become the text that a store keeps, and back. */
export interface Codec {
  /** @throws ValueError with the path of what cannot be kept */
  encode(value: unknown): string
  /** @throws when the text is not what `encode` makes; a cache counts that as a miss */
  decode(text: string): unknown
}

/** Starts the text of a value that JSON alone would change. No JSON text starts with it. */
const tagMark = '='

/** Deeper values go the careful way, which finds cycles and says where they are. */
const deepestPlain = 1000

/**
 * JSON wherever JSON is loss-free, so that other languages and `redis-cli` read it, integers as decimal text, so that
 * INCR works on them; otherwise `=` and JSON in which Date, Map, Set, BigInt, bytes, `undefined`, NaN, ±Infinity and
 * -0 are tagged. What neither form can keep is refused.
 */
export const jsonCodec: Codec = {
  encode(value) {
    return isPlain(value, 0) ? JSON.stringify(value) : tagMark + JSON.stringify(toTagged(value))
  },
  decode(text) {
    const tagged = text.startsWith(tagMark)
    const parsed: unknown = JSON.parse(tagged ? text.slice(1) : text)
    if (mayNameProto(text)) dropProto(parsed)
    return tagged ? reviveTagged(parsed) : parsed
  },
}

/** True when JSON gives the value back unchanged. On the path of every write: no paths, no sets, no closures. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || (depth < deepestPlain && isPlainObject(value, depth + 1))
    default:
      return false
  }
}

function isPlainObject(value: object, depth: number): boolean {
  if (Array.isArray(value)) return isPlainArray(value, depth)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  if (Object.getOwnPropertySymbols(value).length > 0) return false
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__' || !isPlain(member, depth)) return false
  }
  return true
}

function isPlainArray(value: readonly unknown[], depth: number): boolean {
  for (const member of value) if (!isPlain(member, depth)) return false
  return true
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
