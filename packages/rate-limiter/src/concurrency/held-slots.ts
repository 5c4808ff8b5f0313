import { StoreUnavailableError, type Store } from '@sluice/core'
import { failureReporter } from '@sluice/core/extend'
import { isStoreFailure } from '../errors.ts'
import { createIdsByKey } from './ids-by-key.ts'
import { leave } from '../operations/leave.ts'
import { renew } from '../operations/renew.ts'
import { createOwedSlots } from './owed-slots.ts'

/** The slots that this process holds. They are renewed until they are given back, in the store and here. */
export interface HeldSlots {
  /** How many are held of a key, by this process alone. */
  count(key: string): number
  /** The id has a slot from now on, whether the store knows it or not. */
  hold(key: string, id: string): void
  /** Never rejects: what the store could not be told now, it is told when it answers again. */
  giveBack(key: string, id: string): Promise<void>
  /** The store may have a slot that nobody uses: it is given back when the store answers again. */
  owe(key: string, id: string): void
  /** The store has just answered. */
  storeAnswered(): void
}

const report = failureReporter('rate-limiter')

/** One timer for all slots, which keeps no process alive and stops when there are none. */
export function createHeldSlots(store: Store, leaseMs: number): HeldSlots {
  const held = createIdsByKey()
  const owed = createOwedSlots(store)
  let timer: NodeJS.Timeout | undefined

  const startTimer = (): void => {
    timer ??= setInterval(tick, leaseMs / 3).unref()
  }
  const tick = (): void => {
    if (held.size + owed.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
    void renewHeld()
    owed.pay()
  }
  const renewHeld = async (): Promise<void> => {
    const renewals = held.lists().map(({ key, ids }) => store.run(renew, { key, ids, leaseMs }))
    try {
      await Promise.all(renewals)
    } catch (error) {
      if (isStoreFailure(error)) report({ verb: 'renew', instead: 'tried again', error })
    }
  }
  const owe = (key: string, id: string): void => {
    owed.add(key, id)
    startTimer()
  }

  return {
    count: held.count,
    hold(key, id) {
      held.add(key, id)
      startTimer()
    },
    async giveBack(key, id) {
      held.delete(key, id)
      try {
        await store.run(leave, { key, ids: [id] })
      } catch (error) {
        // Any other failure means that the store has no such slot, or none at all.
        if (!(error instanceof StoreUnavailableError)) return
        report({ verb: 'leave', instead: 'tried again', error })
        owe(key, id)
      }
    },
    owe,
    storeAnswered: owed.pay,
  }
}
