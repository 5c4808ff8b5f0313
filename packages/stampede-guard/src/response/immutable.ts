import { randomBytes } from 'node:crypto'
import type { Cache } from '@sluice/core'
import { createRecent } from './recent.ts'

/** Values that are written once, under ids that are never used again. */
export interface Immutable<Value> {
  /** What this process remembers, at once. */
  recall(id: string): Value | undefined
  read(id: string): Promise<Value | undefined>
  write(id: string, value: Value, ttlMs: number): Promise<void>
  /** Lets a value go that nothing names any more, but not under the hands of who is about to read it. */
  shorten(id: string): Promise<void>
}

/** How much a process remembers. */
export interface Remembered<Value> {
  readonly most: number
  readonly sizeOf: (value: Value) => number
}

const leftover = '10s'

/** Values of one kind in a cache. */
export function createImmutable<Value>(
  cache: Cache,
  kind: string,
  isValue: (found: unknown) => found is Value,
  { most, sizeOf }: Remembered<Value>,
): Immutable<Value> {
  const recent = createRecent(most, sizeOf)
  const keyOf = (id: string): string => `${kind}:${id}`
  return {
    recall: recent.get,
    async read(id) {
      const known = recent.get(id)
      if (known !== undefined) return known
      const found = await cache.get(keyOf(id))
      if (!isValue(found)) return undefined
      recent.keep(id, found)
      return found
    },
    async write(id, value, ttlMs) {
      await cache.set(keyOf(id), value, ttlMs)
      recent.keep(id, value)
    },
    shorten: async (id) => void (await cache.expire(keyOf(id), leftover)),
  }
}

/** An id that no other has. */
export function newId(): string {
  return randomBytes(12).toString('base64url')
}
