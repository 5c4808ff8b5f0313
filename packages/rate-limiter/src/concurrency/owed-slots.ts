import type { Store } from '@sluice/core'
import { createIdsByKey } from './ids-by-key.ts'
import { leave } from '../operations/leave.ts'

/** Slots that the store may have and nobody uses: the store could not be told. */
export interface OwedSlots {
  readonly size: number
  add(key: string, id: string): void
  /** Tells the store, as far as it answers. */
  pay(): void
}

/** Of slots that are beyond, the store learns when their lease ends. */
const mostOwed = 10_000

/** Owes nothing yet. */
export function createOwedSlots(store: Store): OwedSlots {
  const owed = createIdsByKey()
  let isPaying = false

  /** One by one: while the store is away, one call finds out. */
  const payAll = async (): Promise<void> => {
    for (const { key, ids } of owed.lists()) {
      await store.run(leave, { key, ids })
      for (const id of ids) owed.delete(key, id)
    }
  }
  const payOnce = async (): Promise<void> => {
    isPaying = true
    // What failed was reported when it was owed, and is still owed.
    await payAll().catch(() => undefined)
    isPaying = false
  }
  return {
    get size() {
      return owed.size
    },
    add(key, id) {
      if (owed.size < mostOwed) owed.add(key, id)
    },
    pay() {
      if (owed.size > 0 && !isPaying) void payOnce()
    },
  }
}
