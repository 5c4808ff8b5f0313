import { isDate, isMap, isSet } from 'node:util/types'
import { ValueError } from './errors.ts'
import { isArrayKind, type Tagged } from './revive-tagged.ts'

/** What a format keeps by itself, and how it writes the rest. */
export interface TagFormat {
  keepsNumber(value: number): boolean
  keepsText(value: string): boolean
  /** What stands for bytes behind a tag, or for a Buffer without one when it is the Buffer itself. */
  bytes(value: Buffer): unknown
  /** Called before a tag is made, to refuse it. @param path writes out where the member is */
  beforeTag?(kind: string, shown: string, path: () => string): void
}

/** Data that the format keeps. */
export interface TaggedData {
  readonly data: unknown
  /** True when `reviveTagged` is needed to get the value back. */
  readonly tagged: boolean
}

const deepest = 1000

/**
 * Makes what turns a value into data in which every member that the format would change is tagged, and tells whether any
 * was.
 *
 * It throws ValueError on functions, symbols, cycles, class instances, an own `__proto__`, and more than 1000 levels.
 */
export function createTagger(format: TagFormat): (value: unknown) => TaggedData {
  return (value) => {
    const walk: Walk = { format, steps: [], parents: [], tags: 0 }
    const data = member(walk, value)
    return { data, tagged: walk.tags > 0 }
  }
}

/** One walk over one value. Steps are kept as they are taken, and written out only for an error. */
interface Walk {
  readonly format: TagFormat
  readonly steps: (string | number)[]
  readonly parents: object[]
  tags: number
}

function member(walk: Walk, value: unknown): unknown {
  const { format } = walk
  switch (typeof value) {
    case 'boolean':
      return value
    case 'string':
      if (format.keepsText(value)) return value
      return tag(walk, 'utf16', 'half a surrogate pair', () => format.bytes(utf16(value)))
    case 'number':
      if (format.keepsNumber(value)) return value
      return tag(walk, 'number', nameOf(value), () => nameOf(value))
    case 'undefined':
      return tag(walk, 'undefined', 'undefined')
    case 'bigint':
      return tag(walk, 'bigint', 'a BigInt', () => String(value))
    case 'object':
      return value === null ? null : inside(walk, value)
    default:
      throw refuse(walk, `a ${typeof value}`, dataOnly)
  }
}

/** @param shown what it is, for an error */
function tag(walk: Walk, kind: string, shown: string, content?: () => unknown): Tagged {
  walk.format.beforeTag?.(kind, shown, () => writePath(walk.steps))
  walk.tags++
  return content === undefined ? { $: kind } : { $: kind, v: content() }
}

function inside(walk: Walk, value: object): unknown {
  const { parents } = walk
  if (parents.includes(value)) throw refuse(walk, 'a cycle', 'It leads back to itself.')
  if (parents.length >= deepest) throw refuse(walk, `more than ${deepest} levels`, 'Flatten it.')
  parents.push(value)
  const data = container(walk, value)
  parents.pop()
  return data
}

function container(walk: Walk, value: object): unknown {
  if (ArrayBuffer.isView(value)) return tagBytes(walk, value)
  if (isRecord(value)) return tagRecord(walk, value)
  if (!isSubclass(value)) {
    if (Array.isArray(value)) return members(walk, value)
    if (isDate(value)) return tag(walk, 'date', 'a Date', () => dateValue(value))
    if (isMap(value)) return tag(walk, 'map', 'a Map', () => members(walk, [...value]))
    if (isSet(value)) return tag(walk, 'set', 'a Set', () => members(walk, [...value]))
  }
  throw refuse(walk, `an instance of ${className(value)}`, classLost)
}

function step(walk: Walk, name: string | number, value: unknown): unknown {
  walk.steps.push(name)
  const data = member(walk, value)
  walk.steps.pop()
  return data
}

function members(walk: Walk, values: readonly unknown[]): unknown[] {
  return Array.from(values, (value, at) => step(walk, at, value))
}

function tagBytes(walk: Walk, value: ArrayBufferView): unknown {
  const kind = Buffer.isBuffer(value) ? 'Buffer' : value.constructor.name
  if (kind !== 'Buffer' && !isArrayKind(kind)) {
    throw refuse(walk, `a ${kind}`, 'Use a Buffer or a typed array.')
  }
  const raw = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const written = walk.format.bytes(raw)
  return kind === 'Buffer' && written === raw ? raw : tag(walk, kind, `a ${kind}`, () => written)
}

function tagRecord(walk: Walk, value: object): unknown {
  if (Object.hasOwn(value, '__proto__') || Object.getOwnPropertySymbols(value).length > 0) {
    throw refuse(walk, 'a key named __proto__ or a symbol', dataOnly)
  }
  const entries = Object.entries(value).map(([key, held]) => [key, step(walk, key, held)] as const)
  if (entries.every(([key]) => key !== '$' && walk.format.keepsText(key))) {
    return Object.fromEntries(entries)
  }
  return tag(walk, 'object', 'an object that owns a $', () =>
    entries.map(([key, held]) => [member(walk, key), held]),
  )
}

const dataOnly = 'Cache data: objects, arrays, text, numbers, dates, maps, sets, bytes.'
const classLost =
  'It would come back without its class: cache its data, and make the instance from it after reading.'

function refuse({ steps }: Walk, what: string, fix: string): ValueError {
  const path = writePath(steps)
  return new ValueError(`Cannot cache ${what} (at ${path.slice(0, 200)}). ${fix}`, path)
}

function writePath(steps: readonly (string | number)[]): string {
  return steps.reduce<string>(
    (path, step) => path + (typeof step === 'number' ? `[${step}]` : `.${step}`),
    '$',
  )
}

/** True for a plain object, of any realm: jest gives each test file a realm of its own. */
function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || isRootPrototype(prototype)
}

/** True for what is further from the root than a built-in is. */
function isSubclass(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return !isRootPrototype(Object.getPrototypeOf(prototype))
}

function isRootPrototype(prototype: unknown): boolean {
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, 'isPrototypeOf')
  )
}

function className(value: object): string {
  const made: { constructor?: unknown } = value
  return typeof made.constructor === 'function' ? made.constructor.name : 'a class'
}

function nameOf(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** Milliseconds; an invalid Date has none. */
function dateValue(date: Date): number | null {
  const ms = date.getTime()
  return Number.isNaN(ms) ? null : ms
}

function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le')
}
