import { libraries } from '../harness/lock-libraries.js'
import { waitInLine } from '../harness/lock-waiting.js'
import { expectEqual } from '../harness/work.js'

export const title = 'What a waiter of many takes once the lock is given back, over ten connections'
export const unit = 'ns a waiter'
export const floor = 'sluice, 10 waiters'

export async function measure({ waiters }) {
  const { order, drainNs } = await waitInLine(libraries.sluice, { waiters, clients: 10 })
  expectEqual(order, [...Array(waiters).keys()])
  return { value: drainNs / waiters }
}

export const contenders = {
  'sluice, 10 waiters': async () => ({ waiters: 10 }),
  'sluice, 100 waiters': async () => ({ waiters: 100 }),
  'sluice, 1 000 waiters': async () => ({ waiters: 1000 }),
}
