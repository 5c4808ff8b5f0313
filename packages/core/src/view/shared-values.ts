import { samePayload, type Payload } from '../payload.ts'

/** Values that all readers share: one frozen object for as long as the payload stays the same. */
export interface SharedValues {
  /** The value of a payload, decoded only if it is not the one that was read last. */
  read(key: string, payload: Payload): unknown
}

interface Shared {
  readonly payload: Payload
  readonly value: unknown
}

/** How much one generation holds; there are two. */
const mostEntries = 10_000
const mostLength = 32 * 2 ** 20

/**
 * Keeps decoded values in two generations, which costs one look into a Map where an LRU costs a reordering: what is read
 * moves to the young one; when that is full it becomes the old one, and what was old and not read since goes.
 *
 * A value that holds what cannot be frozen (Date, Map, Set, bytes) is not kept: each reader gets its own, with its plain
 * parts frozen like those of any other.
 */
export function createSharedValues(decode: (payload: Payload) => unknown): SharedValues {
  let young = new Map<string, Shared>()
  let old = new Map<string, Shared>()
  let youngLength = 0

  const keep = (key: string, shared: Shared): void => {
    young.set(key, shared)
    youngLength += shared.payload.length
    if (young.size < mostEntries && youngLength < mostLength) return
    old = young
    young = new Map()
    youngLength = 0
  }

  const readOld = (key: string, payload: Payload): unknown => {
    const shared = old.get(key)
    if (shared !== undefined) {
      old.delete(key)
      if (samePayload(shared.payload, payload)) {
        keep(key, shared)
        return shared.value
      }
    }
    const value = decode(payload)
    if (freezeAll(value)) keep(key, { payload, value })
    return value
  }

  return {
    read(key, payload) {
      const shared = young.get(key)
      return shared !== undefined && samePayload(shared.payload, payload)
        ? shared.value
        : readOld(key, payload)
    },
  }
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
