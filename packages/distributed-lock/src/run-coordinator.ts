import type { Duration } from '@sluice/core'
import { checkOptions, durationOption, wrongOption } from '@sluice/core/extend'
import type { Locks } from './create-locks.ts'
import { systemTime, type LocalTime } from './local-time.ts'
import { parseAcquire } from './options.ts'

/** Decides which process runs a scheduled job: what node-cron 4.4 and later asks with `distributed: true`. */
export interface RunCoordinator {
  /**
   * True for the one process that runs this fire of the schedule.
   *
   * @param key the job's name and the time of the fire
   * @param ttlMs how long the job may run, as node-cron was told by `distributedLease`
   * @throws StoreUnavailableError when the store does not answer: node-cron then runs the job nowhere
   */
  shouldRun(key: string, ttlMs: number): Promise<boolean>
}

/** Options of `runCoordinator`. */
export interface RunCoordinatorOptions {
  /**
   * How long it is remembered who ran a fire, counted from its start; longer if `distributedLease` is longer. It must be
   * more than what the clocks of the machines may differ. From `'100ms'` to `'7d'`. Default `'5m'`.
   */
  readonly ttl?: Duration | undefined
}

/**
 * Lets a cron job run once per fire, however many processes have the schedule. A job that ended at once is not run again
 * by a machine whose clock is behind, and without an answer from the store nobody runs it.
 *
 * Give every task a `name`, the same in all processes. The name of each fire's lock is one of its own, and its fence is
 * remembered like any other: a schedule of seconds deserves `createLocks` with a short `fenceRetention`. Two fires of one
 * job may still overlap, if it runs for longer than its interval: wrap it with `withLock` where it must not.
 *
 * @example
 * cron.setRunCoordinator(runCoordinator(locks))
 * cron.schedule('0 3 * * *', backUp, { name: 'nightly-backup', distributed: true })
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function runCoordinator(locks: Locks, options: RunCoordinatorOptions = {}): RunCoordinator {
  return runCoordinatorBy(systemTime, locks, options)
}

/** `runCoordinator` with the timers by which it remembers: tests bring their own. */
export function runCoordinatorBy(
  time: LocalTime,
  locks: Locks,
  options: RunCoordinatorOptions = {},
): RunCoordinator {
  if (typeof locks?.tryAcquire !== 'function')
    throw wrongOption('locks', 'what createLocks() made', locks)
  checkOptions('runCoordinator', options, ['ttl'])
  const ownTtlMs = durationOption(options.ttl, 'ttl', '5m')
  parseAcquire('runCoordinator', { ttl: ownTtlMs })
  return {
    async shouldRun(key, ttlMs) {
      const keptMs = Math.max(ownTtlMs, ttlMs)
      const lock = await locks.tryAcquire(`cron:${key}`, { ttl: keptMs })
      if (lock === undefined) return false
      // Not given back when the job ends: whose clock is behind asks later than that. A process that ends leaves the lease.
      time.after(keptMs, () => void lock[Symbol.asyncDispose]())
      return true
    },
  }
}
