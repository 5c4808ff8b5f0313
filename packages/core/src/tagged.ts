import { ValueError } from './errors.ts'

/** A member JSON cannot say: `$` names the kind, `v` holds it. An object that owns a `$` itself is kept as entries. */
interface Tagged {
  readonly $: string
  readonly v?: unknown
}

const deepest = 1000

const bytesKinds = {
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

/**
 * The value as JSON data in which every member that JSON would change is tagged.
 *
 * @throws ValueError on functions, symbols, cycles, class instances, an own `__proto__`, and more than 1000 levels
 */
export function toTagged(value: unknown): unknown {
  return tag(value, '$', [])
}

function tag(value: unknown, path: string, parents: readonly object[]): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return tagNumber(value)
    case 'undefined':
      return { $: 'undefined' } satisfies Tagged
    case 'bigint':
      return { $: 'bigint', v: String(value) } satisfies Tagged
    case 'object':
      return value === null ? null : tagObject(value, path, parents)
    default:
      throw new ValueError(
        `Cannot cache a ${typeof value} (at ${path}). Cache data: objects, arrays, text, numbers, dates, maps, sets, bytes.`,
        path,
      )
  }
}

function tagNumber(value: number): number | Tagged {
  const plain = Number.isFinite(value) && !Object.is(value, -0)
  return plain ? value : { $: 'number', v: Object.is(value, -0) ? '-0' : String(value) }
}

function tagObject(value: object, path: string, parents: readonly object[]): unknown {
  if (parents.includes(value)) {
    throw new ValueError(`Cannot cache a cycle: ${path} leads back to itself.`, path)
  }
  if (parents.length >= deepest) {
    throw new ValueError(
      `Cannot cache more than ${deepest} levels (at ${path.slice(0, 100)}…).`,
      path,
    )
  }
  const line = [...parents, value]
  if (Array.isArray(value))
    return Array.from(value, (member, at) => tag(member, `${path}[${at}]`, line))
  if (value instanceof Date) return { $: 'date', v: tagNumber(value.getTime()) } satisfies Tagged
  if (value instanceof Map)
    return { $: 'map', v: tagMembers([...value], path, line) } satisfies Tagged
  if (value instanceof Set)
    return { $: 'set', v: tagMembers([...value], path, line) } satisfies Tagged
  if (ArrayBuffer.isView(value)) return tagBytes(value, path)
  return tagRecord(value, path, line)
}

function tagMembers(members: readonly unknown[], path: string, line: readonly object[]): unknown {
  return members.map((member, at) => tag(member, `${path}[${at}]`, line))
}

function tagBytes(value: ArrayBufferView, path: string): Tagged {
  const kind = Buffer.isBuffer(value) ? 'Buffer' : value.constructor.name
  if (kind !== 'Buffer' && !(kind in bytesKinds)) {
    throw new ValueError(
      `Cannot cache a ${kind} (at ${path}). Use a Buffer or a typed array.`,
      path,
    )
  }
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return { $: kind, v: bytes.toString('base64') }
}

function tagRecord(value: object, path: string, line: readonly object[]): unknown {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new ValueError(
      `Cannot cache an instance of ${value.constructor.name} (at ${path}): it would come back without its class. ` +
        'Cache its data, and make the instance from it after reading.',
      path,
    )
  }
  if (Object.hasOwn(value, '__proto__') || Object.getOwnPropertySymbols(value).length > 0) {
    throw new ValueError(`Cannot cache a key named __proto__ or a symbol (at ${path}).`, path)
  }
  const entries = Object.entries(value).map(
    ([key, member]) => [key, tag(member, `${path}.${key}`, line)] as const,
  )
  return Object.hasOwn(value, '$') ? { $: 'object', v: entries } : Object.fromEntries(entries)
}

/** The value that `toTagged` was given. @throws Error on a tag it never makes */
export function reviveTagged(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data
  if (Array.isArray(data)) return data.map(reviveTagged)
  if (Object.hasOwn(data, '$')) return reviveTag(data as Tagged)
  return Object.fromEntries(
    Object.entries(data).map(([key, member]) => [key, reviveTagged(member)]),
  )
}

function reviveTag({ $: kind, v }: Tagged): unknown {
  if (kind === 'undefined') return undefined
  if (kind === 'number') return Number(v)
  if (kind === 'bigint') return BigInt(text(v))
  if (kind === 'date') return new Date(Number(reviveTagged(v)))
  if (kind === 'map') return new Map(pairs(v))
  if (kind === 'set') return new Set(list(v).map(reviveTagged))
  if (kind === 'object') return Object.fromEntries(pairs(v))
  return reviveBytes(kind, text(v))
}

function reviveBytes(kind: string, base64: string): unknown {
  const bytes = Buffer.from(base64, 'base64')
  if (kind === 'Buffer') return bytes
  const found = Object.entries(bytesKinds).find(([name]) => name === kind)
  if (found === undefined) throw new Error(`unknown tag ${kind}`)
  // A copy of its own, so that the array starts at an aligned offset and shares no pool.
  return new found[1](new Uint8Array(bytes).buffer)
}

function pairs(value: unknown): [string, unknown][] {
  return list(value).map((pair) => {
    const [key, member] = list(pair)
    return [reviveTagged(key) as string, reviveTagged(member)]
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
