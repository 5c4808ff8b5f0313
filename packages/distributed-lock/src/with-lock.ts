import type { Duration } from '@sluice/core'
import { checkOptions, choiceOption, wrongOption } from '@sluice/core/extend'
import type { Locks } from './create-locks.ts'
import { parseAcquire, type AcquireOptions } from './options.ts'
import type { RetryOptions } from './retry.ts'

/** What a wrapped handler does when the lock is held: waits for it, resolves without having run, or rejects at once. */
export type OnBusy = 'wait' | 'skip' | 'throw'

/** Options of `withLock`. */
export interface WithLockOptions<Args extends readonly unknown[]> {
  /** The name of the lock, or a function that makes it of the handler's arguments. */
  readonly key: string | ((...args: Args) => string)
  /** The lease's ttl. It is renewed while the handler runs. Default: that of `createLocks`. */
  readonly ttl?: Duration
  /**
   * When the lock is held: `'wait'` for it, `'skip'` resolves to `undefined`, `'throw'` rejects with `LockBusyError`.
   * Default `'wait'`.
   */
  readonly onBusy?: OnBusy
  /** How long to wait with `onBusy: 'wait'`. Default `'10s'`. */
  readonly wait?: Duration
  /** How often to ask again with `onBusy: 'wait'`. */
  readonly retry?: RetryOptions
}

/** The handler alone says what its arguments are; the key's function takes as many of them as it likes. */
type Uninferred<Args extends readonly unknown[]> = Parameters<(...args: Args) => void>

/**
 * Wraps a handler so that no two calls with the same key run at once, in whichever process. It takes the handler's
 * arguments and resolves to what the handler returns, under the rules of `locks.run`. A handler that needs the fence or
 * the signal calls `locks.run` itself.
 *
 * @example
 * worker.process(withLock(locks, { key: (job) => `order:${job.data.orderId}`, ttl: '1m' }, shipOrder))
 * const sync = withLock(locks, { key: 'sync', onBusy: 'skip' }, pullOrders)
 * setInterval(() => sync().catch(log), 60_000) // it rejects when the store is down
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function withLock<Args extends readonly unknown[], Result>(
  locks: Locks,
  options: WithLockOptions<Uninferred<Args>> & { readonly onBusy?: 'wait' | 'throw' },
  handler: (...args: Args) => Result | Promise<Result>,
): (...args: Args) => Promise<Result>
export function withLock<Args extends readonly unknown[], Result>(
  locks: Locks,
  options: WithLockOptions<Uninferred<Args>>,
  handler: (...args: Args) => Result | Promise<Result>,
): (...args: Args) => Promise<Result | undefined>
export function withLock<Args extends readonly unknown[], Result>(
  locks: Locks,
  options: WithLockOptions<Args>,
  handler: (...args: Args) => Result | Promise<Result>,
): (...args: Args) => Promise<Result | undefined> {
  if (typeof locks?.run !== 'function') throw wrongOption('locks', 'what createLocks() made', locks)
  if (typeof handler !== 'function') throw wrongOption('handler', 'a function', handler)
  const { nameOf, onBusy, acquireOptions } = parseWithLock(options)
  const { ttl } = acquireOptions
  return async function lockedHandler(...args) {
    const name = nameOf(...args)
    const work = (): Result | Promise<Result> => handler(...args)
    if (onBusy !== 'skip') return locks.run(name, work, acquireOptions)
    const outcome = await locks.tryRun(name, work, ttl === undefined ? {} : { ttl })
    return outcome.ran ? outcome.value : undefined
  }
}

/** A `WithLockOptions`, parsed. */
interface WithLockPlan<Args extends readonly unknown[]> {
  readonly nameOf: (...args: Args) => string
  readonly onBusy: OnBusy
  readonly acquireOptions: AcquireOptions
}

function parseWithLock<Args extends readonly unknown[]>(
  options: WithLockOptions<Args>,
): WithLockPlan<Args> {
  checkOptions('withLock', options, ['key', 'ttl', 'onBusy', 'wait', 'retry'])
  const { key, ttl, wait, retry } = options
  const onBusy = choiceOption(options.onBusy, 'onBusy', ['wait', 'skip', 'throw'], 'wait')
  if (typeof key !== 'function' && typeof key !== 'string') {
    throw wrongOption('key', "a name or a function of the handler's arguments", key)
  }
  if (onBusy !== 'wait' && (wait ?? retry) !== undefined) {
    throw wrongOption('onBusy', `'wait' where "wait" or "retry" is given`, onBusy)
  }
  const acquireOptions: AcquireOptions = {
    ...(ttl === undefined ? {} : { ttl }),
    ...(retry === undefined ? {} : { retry }),
    ...(onBusy === 'throw' ? { wait: 0 } : wait === undefined ? {} : { wait }),
  }
  // A wrong duration is refused where it is written, not when the first job comes.
  parseAcquire('withLock', acquireOptions)
  return { nameOf: typeof key === 'function' ? key : () => key, onBusy, acquireOptions }
}
