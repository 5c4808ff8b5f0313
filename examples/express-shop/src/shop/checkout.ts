import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { assertLocked } from '@sluice/distributed-lock'
import type { Session } from '@sluice/session-store'
import type { Orders } from './orders.ts'
import { RequestError } from './request-error.ts'

/** What a checkout answers with. */
export interface PlacedOrder {
  readonly id: string
  readonly items: readonly string[]
}

/** How long the payment takes that this shop does not have. */
const paymentMs = 500

/** One checkout of a cart at a time, in all processes: the name of the lock that `checkOut` is called under. */
export function checkoutLock({ id = '' }: Session): string {
  return `checkout:${id}`
}

/**
 * Pays for what is in the cart, has it shipped and takes it out of the cart. What another tab puts in meanwhile stays.
 *
 * @throws RequestError (400) when the cart is empty
 * @throws LockNotHeldError unless it is called under `checkoutLock(session)`, as behind `lockRequest`
 */
export async function checkOut(session: Session, orders: Orders): Promise<PlacedOrder> {
  // Read again: the session was loaded before the lock was taken, and another checkout may have ended in between.
  const items = (await session.update('cart', (cart) => cart)) ?? []
  if (items.length === 0) throw new RequestError(400, 'The cart is empty')
  await sleep(paymentMs)
  // The step that must not be done twice. A real shop makes the order and empties the cart in one transaction.
  assertLocked(checkoutLock(session))
  const id = randomUUID()
  await orders.accept(id, items)
  await session.update('cart', (cart = []) => without(cart, items))
  return { id, items }
}

/** A list without one of each of these. */
function without(list: readonly string[], taken: readonly string[]): string[] {
  const left = [...list]
  for (const item of taken) {
    const at = left.indexOf(item)
    if (at !== -1) left.splice(at, 1)
  }
  return left
}
