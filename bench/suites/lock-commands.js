import { inLineAndOneProcess } from '../harness/lock-waiting.js'

export const title = 'Commands that one of 50 waiters sends in all, its release included'
export const unit = 'commands'
export const floor = 'redis-semaphore'

export const measure = async ({ take }) => ({ value: await take() })

// One of them is the first holder's, which gives the lock back.
export const contenders = inLineAndOneProcess(({ commands }) => (commands - 1) / 50)
