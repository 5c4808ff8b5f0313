import type { Payload } from '../payload.ts'
import { createKnownValues, type KnownValues } from './known-values.ts'

/** Deeper values are decoded each time: copying goes as deep as the stack. */
const deepest = 100

/**
 * Values that each reader gets a copy of. To copy plain data takes a sixth of the time of decoding it again. What is not
 * plain (Date, Map, Set, bytes), or text alone, is decoded each time. What is kept is never handed out.
 */
export function createCopiedValues(decode: (payload: Payload) => unknown): KnownValues {
  return createKnownValues({
    decode,
    keeps: (value) => typeof value === 'object' && value !== null && isCopied(value, 1),
    give: copyOf,
    mostEntries: 4096,
    mostLength: 4 * 2 ** 20,
  })
}

/** True for data that `copyOf` copies whole. */
function isCopied(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== Array.prototype) return false
  return depth < deepest && Object.values(value).every((member) => isCopied(member, depth + 1))
}

function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value) ? copyOfArray(value) : copyOfObject(value)
}

/** The shape of the original is taken over in one step; then what it shares with it is replaced. */
function copyOfObject(value: object): unknown {
  const copy: Record<string, unknown> = { ...value }
  for (const name in copy) {
    const member = copy[name]
    if (typeof member === 'object' && member !== null) copy[name] = copyOf(member)
  }
  return copy
}

function copyOfArray(values: readonly unknown[]): unknown[] {
  const copy = values.slice()
  for (let at = 0; at < copy.length; at++) {
    const member = copy[at]
    if (typeof member === 'object' && member !== null) copy[at] = copyOf(member)
  }
  return copy
}
