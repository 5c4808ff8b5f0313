import { setTimeout as sleep } from 'node:timers/promises'
import { ConflictError } from './errors.ts'
import { swap } from './operations/entry.ts'
import type { Payload } from './payload.ts'
import type { Store } from './store.ts'

/** Makes the new payload of an entry from the old one; `undefined` stands for no entry on both sides. */
export type PayloadChange = (
  payload: Payload | undefined,
) => Payload | undefined | Promise<Payload | undefined>

const mostAttempts = 100

/**
 * Read, change, compare and swap, again after a conflict. Changes of one key take turns within the process, so only
 * other processes can conflict.
 */
export interface Updater {
  /**
   * @param ttlMs for an entry that was not there, 0 for none
   * @throws ConflictError after a hundred conflicts
   */
  update(key: string, change: PayloadChange, ttlMs: number): Promise<Payload | undefined>
}

/** Makes an updater; all views of a cache share it. */
export function createUpdater(store: Store): Updater {
  const turns = new Map<string, Promise<unknown>>()

  async function attempt(key: string, change: PayloadChange, ttlMs: number) {
    for (let attempts = 1; attempts <= mostAttempts; attempts++) {
      const expected = await store.get(key)
      const next = await change(expected)
      if (next === expected) return next
      if (await store.run(swap, { key, expected, next, ttlMs })) return next
      await sleep(Math.random() * Math.min(attempts, 20))
    }
    throw new ConflictError(
      `Other processes changed the entry ${mostAttempts} times while it was updated. Nothing was changed.`,
    )
  }

  return {
    update(key, change, ttlMs) {
      const before = turns.get(key) ?? Promise.resolve()
      const mine = before.then(() => attempt(key, change, ttlMs))
      // The next in line waits for the end of this one, whatever it is.
      const end = mine.catch(() => undefined)
      turns.set(key, end)
      void end.then(() => turns.get(key) === end && turns.delete(key))
      return mine
    },
  }
}
