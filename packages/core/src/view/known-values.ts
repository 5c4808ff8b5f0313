import { samePayload, type Payload } from '../payload.ts'

/** Values that were decoded before, and are found again for as long as their payload stays the same. */
export interface KnownValues {
  /** The value of a payload, decoded only if it is not the one that was read last. */
  read(key: string, payload: Payload): unknown
}

/** What is known, and what of it readers get. */
export interface Knowing {
  decode(payload: Payload): unknown
  /** Prepares a value that was decoded. False for one that is to be decoded for each reader. */
  keeps(value: unknown): boolean
  /** What a reader gets of a value that is kept. */
  give(value: unknown): unknown
  /** How many values one generation holds; there are two. */
  readonly mostEntries: number
  /** How long their payloads may be together, in characters or bytes. */
  readonly mostLength: number
}

interface Known {
  readonly payload: Payload
  readonly value: unknown
}

/**
 * Keeps decoded values in two generations, which costs one look into a Map where an LRU costs a reordering: what is read
 * moves to the young one; when that is full it becomes the old one, and what was old and not read since goes.
 */
export function createKnownValues(knowing: Knowing): KnownValues {
  const { decode, keeps, give, mostEntries, mostLength } = knowing
  let young = new Map<string, Known>()
  let old = new Map<string, Known>()
  let youngLength = 0

  const keep = (key: string, known: Known): void => {
    young.set(key, known)
    youngLength += known.payload.length
    if (young.size < mostEntries && youngLength < mostLength) return
    old = young
    young = new Map()
    youngLength = 0
  }
  const readOld = (key: string, payload: Payload): unknown => {
    const known = old.get(key)
    if (known !== undefined) {
      old.delete(key)
      if (samePayload(known.payload, payload)) {
        keep(key, known)
        return give(known.value)
      }
    }
    const value = decode(payload)
    if (!keeps(value)) return value
    keep(key, { payload, value })
    return give(value)
  }
  return {
    read(key, payload) {
      const known = young.get(key)
      return known !== undefined && samePayload(known.payload, payload)
        ? give(known.value)
        : readOld(key, payload)
    },
  }
}
