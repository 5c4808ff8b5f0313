/** A member that the format cannot say: `$` names the kind, `v` holds it. An object that owns a `$` is kept as entries. */
export interface Tagged {
  readonly $: string
  readonly v?: unknown
}

/** The typed arrays that have a tag, by name. */
const arrayKinds = {
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigUint64Array,
  BigInt64Array,
}

/** True for the name of a typed array that has a tag. */
export function isArrayKind(name: string): boolean {
  return Object.hasOwn(arrayKinds, name)
}

/** The value that a tagger was given. Changes `data` in place. @throws Error on a tag that it never makes */
export function reviveTagged(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || ArrayBuffer.isView(data)) return data
  if (Object.hasOwn(data, '$')) return reviveTag(data as Tagged)
  const members = data as Record<string, unknown>
  for (const key of Object.keys(members)) {
    const held = members[key]
    if (typeof held === 'object' && held !== null) members[key] = reviveTagged(held)
  }
  return data
}

function reviveTag({ $: kind, v }: Tagged): unknown {
  switch (kind) {
    case 'undefined':
      return undefined
    case 'number':
      return Number(v)
    case 'bigint':
      return BigInt(text(v))
    case 'date':
      return new Date(v === null ? Number.NaN : time(v))
    case 'map':
      return new Map(pairs(v))
    case 'set':
      return new Set(list(v).map(reviveTagged))
    case 'object':
      return reviveObject(v)
    case 'utf16':
      return rawBytes(v).toString('utf16le')
    default:
      return reviveBytes(kind, rawBytes(v))
  }
}

function reviveObject(v: unknown): unknown {
  const entries = pairs(v).map(([key, held]) => [text(key), held] as const)
  return Object.fromEntries(entries.filter(([key]) => key !== '__proto__'))
}

function reviveBytes(kind: string, bytes: Buffer): unknown {
  if (kind === 'Buffer') return bytes
  const found = Object.entries(arrayKinds).find(([name]) => name === kind)
  if (found === undefined) throw new Error(`unknown tag ${kind}`)
  // A copy of its own, so that the array starts at an aligned offset and shares no pool.
  return new found[1](new Uint8Array(bytes).buffer)
}

function rawBytes(v: unknown): Buffer {
  return Buffer.isBuffer(v) ? v : Buffer.from(text(v), 'base64')
}

function pairs(value: unknown): [unknown, unknown][] {
  return list(value).map((pair) => {
    const [key, member] = list(pair)
    return [reviveTagged(key), reviveTagged(member)]
  })
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new Error('expected a list behind the tag')
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw new Error('expected text behind the tag')
}

/** A date of an earlier Sluice may hold a tagged number. */
function time(value: unknown): number {
  const ms = reviveTagged(value)
  if (typeof ms === 'number') return ms
  throw new Error('expected a number behind the tag')
}
