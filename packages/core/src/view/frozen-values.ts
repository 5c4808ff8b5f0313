import type { Payload } from '../payload.ts'
import { createKnownValues, type KnownValues } from './known-values.ts'

/**
 * Values that all readers share: one frozen object for as long as the payload stays the same.
 *
 * A value that holds what cannot be frozen (Date, Map, Set, bytes) is not kept: each reader gets its own, with its plain
 * parts frozen like those of any other.
 */
export function createFrozenValues(decode: (payload: Payload) => unknown): KnownValues {
  return createKnownValues({
    decode,
    keeps: freezeAll,
    give: (value) => value,
    mostEntries: 10_000,
    mostLength: 32 * 2 ** 20,
  })
}

/** Freezes all objects and arrays. False when there is something in it that cannot be frozen. */
function freezeAll(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) {
    return false
  }
  let all = true
  for (const member of Object.values(value)) all = freezeAll(member) && all
  Object.freeze(value)
  return all
}
