import { redisStore } from '@sluice/core/redis'
import { startRedis } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { createLocksBy, type Locks } from '../src/create-locks.ts'
import { systemTime, type LocalTime } from '../src/local-time.ts'
import { openCache } from './shared-store.ts'

/** Locks on a Redis of their own. */
export interface CountedLocks {
  readonly locks: Locks
  /** Asks that Redis. What it counts was reset. */
  readonly admin: Redis
  /** The timers that the locks have armed. */
  readonly timers: ReadonlySet<symbol>
}

/** Starts a Redis, and locks on it. */
export async function countedLocks(): Promise<CountedLocks> {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const admin = new Redis(server.url)
  onTestFinished(() => admin.disconnect())
  const timers = new Set<symbol>()
  const cache = openCache(redisStore({ url: server.url }), 'budget')
  const locks = createLocksBy(countingTime(timers), { cache })
  // Connects, and gives Redis the scripts.
  await locks.run('warm', () => undefined)
  await admin.config('RESETSTAT')
  return { admin, locks, timers }
}

/** The time of this machine, and the timers that are armed. */
function countingTime(timers: Set<symbol>): LocalTime {
  const track = (): (() => void) => {
    const timer = Symbol('timer')
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  return {
    now: systemTime.now,
    after(ms, callback) {
      const forget = track()
      const cancel = systemTime.after(ms, () => {
        forget()
        callback()
      })
      return () => {
        forget()
        cancel()
      }
    },
    sleep: (ms, signal) => systemTime.sleep(ms, signal).finally(track()),
  }
}
