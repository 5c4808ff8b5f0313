import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { LockInspection } from './inspection.ts'
import { leadBy, type Candidate, type LeaderWork, type LeadOptions } from './lead.ts'
import { systemTime, type LocalTime } from './local-time.ts'
import { createLockSets, type LockSet } from './lock-set.ts'
import type { Lock, NamedClaim } from './lock.ts'
import {
  createReadWrite,
  createSemaphore,
  type ReadWriteLock,
  type Semaphore,
} from './named-lock.ts'
import {
  parseLocksOptions,
  type AcquireOptions,
  type LocksOptions,
  type RunOptions,
  type TryOptions,
  type TryPlan,
  type TryRunOptions,
} from './options.ts'
import { createOrphans } from './orphans.ts'
import type { TryRunResult } from './run.ts'
import type { Target } from './target.ts'
import { createTicker } from './ticker.ts'
import { createVerbs } from './verbs.ts'
import { createWaitingRoom } from './waiting-room.ts'

/**
 * Named locks on one store. A name is text of 1 to 1024 bytes, chosen freely: it never meets a cached entry. Every
 * method rejects with `KeyError` for a bad name, `OptionError` for a bad option and `StoreUnavailableError` when the
 * store cannot say who holds the lock: without an answer nobody gets it. Where `createLocks` was told of `replicas`, whatever
 * takes a lock rejects with `LockNotReplicatedError` when they did not have the grant in time.
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
    options?: RunOptions,
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
    options?: TryRunOptions,
  ): Promise<TryRunResult<Value>>
  /**
   * Takes several locks, all or none. Whatever the order in which two callers name them, they do not wait for each other.
   * Free ones are taken by one command, or one each on a Cluster, where names live apart. For a busy one the caller waits
   * holding those that come before it in the order of the alphabet.
   * @param names up to 1000; a name that comes twice counts once
   * @throws what `acquire` throws, about the name that could not be had
   * @example
   * await using both = await locks.acquireAll(['account:7', 'account:8'])
   * both.assertHeld()
   */
  acquireAll(names: readonly string[], options?: AcquireOptions): Promise<LockSet>
  /** `run` under several locks. */
  runAll<Value>(
    names: readonly string[],
    work: (locks: LockSet) => Value | Promise<Value>,
    options?: RunOptions,
  ): Promise<Value>
  /**
   * Elects a leader among all processes that call this with the same name: one of them does the work, the others stand by,
   * and when it ends, fails or dies, the next one does. A failure of the work or the store is published on the
   * diagnostics channel `sluice:distributed-lock:failure`, and the candidate stands again; work is never started while
   * that of the last term still runs.
   *
   * @param work runs until `signal` aborts. A resource that checks `fence` refuses a leader that missed its end.
   * @throws OptionError for an option that is unknown or of the wrong kind, at once
   * @example
   * const scheduler = locks.lead('scheduler', async ({ signal, fence }) => {
   *   while (!signal.aborted) await scheduleNext({ signal, fence })
   * })
   * process.once('SIGTERM', () => void scheduler.resign())
   */
  lead(name: string, work: LeaderWork, options?: LeadOptions): Candidate
  /** Who holds the lock, and how many wait. It may be others when you read this. */
  inspect(name: string): Promise<LockInspection>
  /**
   * Takes the lock from whoever holds it, gives it to who is next, and answers how many leases were ended. The old holder
   * is told at its next renewal, a third of its ttl later at the most, and works on until then: for operators, where the
   * resource checks fences or the holder is known to be dead.
   */
  forceRelease(name: string): Promise<number>
  /**
   * A semaphore: up to `permits` may hold it at once. It has names of its own. Each asker goes by the number that it gives,
   * so processes that disagree, as during a deployment, each let themselves in up to their own.
   * @throws OptionError, KeyError
   * @example
   * await locks.semaphore('payments-api', 5).run(() => charge(order), { wait: '30s' })
   */
  semaphore(name: string, permits: number): Semaphore
  /**
   * A lock that many may read under or one may write under. It has names of its own. Served in the order of coming:
   * readers that come after a waiting writer wait for it.
   * @throws KeyError
   * @example
   * const index = locks.readWrite('index')
   * await index.read.run(search)
   * await index.write.run(rebuild)
   */
  readWrite(name: string): ReadWriteLock
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
  const { cache, ttlMs, fenceRetentionMs: retentionMs, replication } = parseLocksOptions(options)
  const { store } = cache
  const ticker = createTicker(time)
  const orphans = createOrphans(store, time, ticker)
  const room = createWaitingRoom(store, ticker, cache.stateKey('lock-waiters', randomText()))
  const context = { store, time, ticker, orphans, room, replication }
  const newToken = tokenMaker()
  const claim = (target: Target, plan: TryPlan): NamedClaim => ({
    lockName: target.lockName,
    key: target.key,
    units: target.units,
    capacity: target.capacity,
    token: newToken(),
    ttlMs: plan.ttlMs,
    maxHoldMs: plan.maxHoldMs,
    retentionMs,
  })
  const verbs = createVerbs(context, { ttlMs, retentionMs, claim })
  const keyOf = (name: string): string => cache.stateKey('lock', name)
  const mutex = (name: string) => (): Target => ({
    lockName: name,
    key: keyOf(name),
    units: 1,
    capacity: 1,
  })
  const sets = createLockSets(context, {
    ttlMs,
    claim: (name, plan) => claim(mutex(name)(), plan),
  })

  const acquire: Locks['acquire'] = (name, given) => verbs.acquire(mutex(name), given)
  return {
    ...sets,
    acquire,
    tryAcquire: (name, given) => verbs.tryAcquire(mutex(name), given),
    run: (name, work, given) => verbs.run(mutex(name), work, given),
    tryRun: (name, work, given) => verbs.tryRun(mutex(name), work, given),
    lead: (name, work, given) => leadBy(time, { acquire }, name, work, given),
    inspect: async (name) => verbs.inspect(keyOf(name)),
    forceRelease: async (name) => verbs.forceRelease(keyOf(name)),
    semaphore: (name, permits) => createSemaphore(cache, verbs, name, permits),
    readWrite: (name) => createReadWrite(cache, verbs, name),
  }
}

/** Makes tokens that nobody else has: random once, then counted. */
function tokenMaker(): () => string {
  const start = `${owner}/${randomText()}.`
  let count = 0
  return () => start + (++count).toString(36)
}

function randomText(): string {
  return randomBytes(16).toString('base64url')
}

/** Who holds the locks of this process, as `inspect` shows it. A host name holds no '/' and no space. */
const owner = `${hostname()}:${process.pid}`
