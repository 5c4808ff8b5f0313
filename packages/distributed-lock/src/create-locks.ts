import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { tracedKey, wrongOption } from '@sluice/core/extend'
import { acquireGrant, attempt, type NamedClaim } from './acquire.ts'
import { systemTime, type LocalTime } from './local-time.ts'
import { holdLock, type HeldLock, type Lock } from './lock.ts'
import { inspect } from './operations/inspect.ts'
import {
  parseAcquire,
  parseLocksOptions,
  parseTry,
  type AcquireOptions,
  type LocksOptions,
  type TryOptions,
} from './options.ts'
import { createOrphans } from './orphans.ts'
import { runHolding, type TryRunResult } from './run.ts'
import { traceAcquire, type LockFields } from './tracing.ts'

/** A lock as the store saw it a moment ago: for pages and logs, never for a decision. */
export interface LockInspection {
  readonly held: boolean
  /** `host:pid` of the holder's process; `undefined` when nobody holds it. */
  readonly owner: string | undefined
  /** Ms until the lease ends unless it is renewed; 0 when nobody holds it. */
  readonly remainingMs: number
  /** The last fence given; `undefined` when the name was not used for a week. */
  readonly fence: number | undefined
}

/**
 * Named locks on one store. A name is text of 1 to 1024 bytes, chosen freely: it never meets a cached entry. Every
 * method rejects with `KeyError` for a bad name, `OptionError` for a bad option and `StoreUnavailableError` when the
 * store cannot say who holds the lock: without an answer nobody gets it.
 */
export interface Locks {
  /**
   * Waits for the lock and holds it until `release()`.
   * @throws LockTimeoutError when it is still held after `wait` or `retry.attempts`
   * @throws LockBusyError when it is held and `wait` is 0
   */
  acquire(name: string, options?: AcquireOptions): Promise<Lock>
  /** The lock, or `undefined` when somebody holds it. Asks once. */
  tryAcquire(name: string, options?: TryOptions): Promise<Lock | undefined>
  /**
   * Waits for the lock, works under it and gives it back; resolves to what the work returned.
   * @throws what the work throws, before all else
   * @throws LockLostError when the lease was lost before the work ended; what the work returned is in its `value`
   * @throws LockTimeoutError when it is still held after `wait` or `retry.attempts`
   * @throws LockBusyError when it is held and `wait` is 0
   * @example
   * const total = await locks.run('report:42', ({ signal }) => buildReport(42, { signal }), { ttl: '1m' })
   */
  run<Value>(
    name: string,
    work: (lock: Lock) => Value | Promise<Value>,
    options?: AcquireOptions,
  ): Promise<Value>
  /**
   * Works under the lock if it is free, else does nothing.
   * @throws what the work throws, and LockLostError as `run` does
   * @example
   * const night = await locks.tryRun('nightly', clean)
   * if (!night.ran) log(`somebody else is at it for ${night.remainingMs} ms`)
   */
  tryRun<Value>(
    name: string,
    work: (lock: Lock) => Value | Promise<Value>,
    options?: TryOptions,
  ): Promise<TryRunResult<Value>>
  /** Who holds the lock. It may be another when you read this. */
  inspect(name: string): Promise<LockInspection>
}

/**
 * Makes locks on a cache's store: a memory store for one process, Redis for many.
 *
 * @example
 * const locks = createLocks({ cache: createCache({ store: redisStore({ url }) }), ttl: '30s' })
 * await locks.run('order:7', async (lock) => ship(7, { fence: lock.fence, signal: lock.signal }))
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function createLocks(options: LocksOptions): Locks {
  return createLocksBy(systemTime, options)
}

/** `createLocks` with the clocks and timers that leases are measured by: tests bring their own. */
export function createLocksBy(time: LocalTime, options: LocksOptions): Locks {
  const { cache, ttlMs: defaultTtlMs } = parseLocksOptions(options)
  const { store } = cache
  const context = { store, time, orphans: createOrphans(store, time) }
  const claim = (lockName: string, ttlMs: number): NamedClaim => {
    const key = cache.stateKey('lock', lockName)
    return { lockName, key, ttlMs, token: `${owner}/${randomBytes(16).toString('base64url')}` }
  }
  const fields = (_: string, name: string): LockFields => ({ key: tracedKey(() => name) })
  const hold = traceAcquire.wrap(
    async (caller: string, name: string, given: AcquireOptions = {}): Promise<HeldLock> => {
      const plan = parseAcquire(caller, given, defaultTtlMs)
      return holdLock(context, await acquireGrant(context, claim(name, plan.ttlMs), plan))
    },
    fields,
    () => 'acquired',
  )
  const tryHold = traceAcquire.wrap(
    async (caller: string, name: string, given: TryOptions = {}) =>
      attempt(context, claim(name, parseTry(caller, given, defaultTtlMs)), () => false),
    fields,
    ({ granted }) => (granted ? 'acquired' : 'busy'),
  )

  return {
    async acquire(name, given) {
      const { lock } = await hold('acquire', name, given)
      return lock
    },
    async tryAcquire(name, given) {
      const outcome = await tryHold('tryAcquire', name, given)
      return outcome.granted ? holdLock(context, outcome.grant).lock : undefined
    },
    async run(name, work, given) {
      checkWork(work)
      return runHolding(await hold('run', name, given), work)
    },
    async tryRun(name, work, given) {
      checkWork(work)
      const outcome = await tryHold('tryRun', name, given)
      if (!outcome.granted) return { ran: false, remainingMs: outcome.remainingMs }
      return { ran: true, value: await runHolding(holdLock(context, outcome.grant), work) }
    },
    async inspect(name) {
      const { token, remainingMs, fence } = await store.run(inspect, {
        key: cache.stateKey('lock', name),
      })
      return { held: token !== undefined, owner: token?.split('/', 1)[0], remainingMs, fence }
    },
  }
}

/** Who holds the locks of this process, as `inspect` shows it. A host name holds no '/'. */
const owner = `${hostname()}:${process.pid}`

function checkWork(work: unknown): void {
  if (typeof work !== 'function')
    throw wrongOption('work', 'the function to run under the lock', work)
}
