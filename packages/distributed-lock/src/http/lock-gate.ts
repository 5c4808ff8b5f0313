import { StoreFullError, StoreUnavailableError, type Duration } from '@sluice/core'
import {
  checkFunction,
  checkOptions,
  choiceOption,
  failureReporter,
  wrongOption,
} from '@sluice/core/extend'
import type { Exchange } from '@sluice/core/http'
import type { Locks } from '../create-locks.ts'
import { LockBusyError, LockNotReplicatedError, LockTimeoutError } from '../errors.ts'
import type { LocalTime } from '../local-time.ts'
import { parseAcquire, type AcquireOptions } from '../options.ts'
import { busy, unavailable } from './answers.ts'
import { createPass, freePass, type Pass } from './pass.ts'

/** Options of `lockRequest`. A function that throws fails the request. */
export interface LockRequestOptions<Context> {
  /** What `createLocks()` made. */
  readonly locks: Locks
  /** The name of the lock, or a function that makes it of the request: Express's `req`, Koa's `ctx`. */
  readonly key: string | ((context: Context) => string | Promise<string>)
  /**
   * When another request has the lock: `'reject'` answers with `status` at once, `'wait'` waits for it first.
   * Default `'reject'`.
   */
  readonly onBusy?: 'reject' | 'wait' | undefined
  /** How long to wait with `onBusy: 'wait'`. A client that goes away waits no longer. Default `'10s'`. */
  readonly wait?: Duration | undefined
  /** The lease's ttl. It is renewed until the request is over. Default: that of `createLocks`. */
  readonly ttl?: Duration | undefined
  /** What a request that does not get the lock is answered with: 409 (Conflict) or 423 (Locked). Default 409. */
  readonly status?: 409 | 423 | undefined
  /** True lets a request pass without a lock, and without asking the store. Default: none. */
  readonly skip?: ((context: Context) => boolean | Promise<boolean>) | undefined
}

/**
 * What a request that may go on goes on with; `undefined` when it was answered, or its client went away. Rejects with what
 * belongs on the framework's error path.
 */
export type LockGate<Context> = (exchange: Exchange<Context>) => Promise<Pass | undefined>

const report = failureReporter('distributed-lock')

/**
 * All that the middleware `lockRequest` does, for any framework.
 *
 * @throws OptionError for an option that is unknown, missing or of the wrong kind
 */
export function createLockGate<Context>(
  time: LocalTime,
  options: LockRequestOptions<Context>,
): LockGate<Context> {
  const { locks, keyOf, skip, status, acquireOptions } = parse(options)

  return async function gate(exchange) {
    const { context } = exchange
    if (await skip?.(context)) return freePass
    const name = await keyOf(context)
    const gone = new AbortController()
    exchange.onClosed(() => gone.abort())
    try {
      const lock = await locks.acquire(name, { ...acquireOptions, signal: gone.signal })
      return createPass(time, exchange, lock)
    } catch (error) {
      if (gone.signal.aborted && error === gone.signal.reason) return undefined
      if (isBusy(error)) exchange.answer(busy(status))
      else if (isStoreFailure(error)) {
        report({ verb: 'acquire', instead: '503', error })
        exchange.answer(unavailable)
      } else throw error
      return undefined
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof LockBusyError || error instanceof LockTimeoutError
}

function isStoreFailure(error: unknown): boolean {
  return (
    error instanceof StoreUnavailableError ||
    error instanceof StoreFullError ||
    error instanceof LockNotReplicatedError
  )
}

/** A `LockRequestOptions`, parsed. */
interface LockRequestPlan<Context> {
  readonly locks: Locks
  readonly keyOf: (context: Context) => string | Promise<string>
  readonly skip: LockRequestOptions<Context>['skip']
  readonly status: 409 | 423
  readonly acquireOptions: AcquireOptions
}

const optionNames = ['locks', 'key', 'onBusy', 'wait', 'ttl', 'status', 'skip']

function parse<Context>(options: LockRequestOptions<Context>): LockRequestPlan<Context> {
  checkOptions('lockRequest', options, optionNames)
  const { locks, key, status = 409, skip } = options
  if (typeof locks?.acquire !== 'function')
    throw wrongOption('locks', 'what createLocks() made', locks)
  if (typeof key !== 'function' && typeof key !== 'string')
    throw wrongOption('key', 'a name or a function of the request', key)
  if (status !== 409 && status !== 423) throw wrongOption('status', '409 or 423', status)
  checkFunction(skip, 'skip')
  return {
    locks,
    keyOf: typeof key === 'function' ? key : () => key,
    skip,
    status,
    acquireOptions: parseAcquiring(options),
  }
}

function parseAcquiring<Context>({
  onBusy,
  wait,
  ttl,
}: LockRequestOptions<Context>): AcquireOptions {
  const waits = choiceOption(onBusy, 'onBusy', ['reject', 'wait'], 'reject') === 'wait'
  if (!waits && wait !== undefined)
    throw wrongOption('onBusy', `'wait' where "wait" is given`, onBusy)
  const acquireOptions: AcquireOptions = {
    ...(ttl === undefined ? {} : { ttl }),
    ...(waits ? (wait === undefined ? {} : { wait }) : { wait: 0 }),
  }
  parseAcquire('lockRequest', acquireOptions)
  return acquireOptions
}
