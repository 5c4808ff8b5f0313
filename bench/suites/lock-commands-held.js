import { inLineAndOneProcess } from '../harness/lock-waiting.js'

export const title = 'Commands that one of 50 waiters sends while the lock is held for two seconds'
export const unit = 'commands'
export const floor = 'redis-semaphore'

export const measure = async ({ take }) => ({ value: await take() })

export const contenders = inLineAndOneProcess(({ commandsHeld }) => commandsHeld / 50)
