import type { Duration } from '@sluice/core'
import { checkOptions, choiceOption, durationMs, wrongOption } from '@sluice/core/extend'
import type { Locks } from './create-locks.ts'
import { LockBusyError } from './errors.ts'
import { holdAtLeast } from './hold-at-least.ts'
import { joinSignals } from './joined-signal.ts'
import { systemTime, type LocalTime } from './local-time.ts'
import type { Lock } from './lock.ts'
import { parseAcquire, type AcquireOptions, type TryOptions } from './options.ts'
import type { RetryOptions } from './retry.ts'
import { runHolding } from './run.ts'

/** What a wrapped handler does when the lock is held: waits for it, resolves without having run, or rejects at once. */
export type OnBusy = 'wait' | 'skip' | 'throw'

/** The lock that a wrapped handler could not have. */
export interface BusyLock {
  /** What `key` made of the arguments. */
  readonly name: string
  /** Ms until the holder's lease ends, unless it is renewed or released. */
  readonly remainingMs: number
}

/** Says what comes of a call whose lock is held: what it returns or throws is the result of the call. */
export type OnBusyFunction<Args extends readonly unknown[], Instead> = (
  busy: BusyLock,
  ...args: Args
) => Instead | Promise<Instead>

/** Options of `withLock`. */
export interface WithLockOptions<Args extends readonly unknown[], Instead = never> {
  /** The name of the lock, or a function that makes it of the handler's arguments. */
  readonly key: string | ((...args: Args) => string)
  /** The lease's ttl. It is renewed while the handler runs. Default: that of `createLocks`. */
  readonly ttl?: Duration | undefined
  /**
   * When the lock is held: `'wait'` for it, `'skip'` resolves to `undefined`, `'throw'` rejects with `LockBusyError`; a
   * function is called with the lock's name, `remainingMs` and the handler's arguments, and its result is the call's.
   * Default `'wait'`.
   */
  readonly onBusy?: OnBusy | OnBusyFunction<Args, Instead> | undefined
  /** How long to wait with `onBusy: 'wait'`. Default `'10s'`. */
  readonly wait?: Duration | undefined
  /** With `onBusy: 'wait'`: asks again and again, as `acquire` does, instead of standing in the line. */
  readonly retry?: RetryOptions | undefined
  /**
   * How long the lock stays held, counted from the grant, even when the handler ends sooner or throws: for timers on several
   * machines whose clocks differ. The call does not wait for it. At most `'7d'`. Default: until the handler ends.
   */
  readonly holdAtLeast?: Duration | undefined
  /**
   * How long the lock is held at the most, counted from the grant. Then its lease is renewed no more, and its signal aborts
   * before it ends. Default: for as long as the handler runs.
   */
  readonly maxHold?: Duration | undefined
  /** Ends the wait for the lock: the call rejects with the signal's reason. A handler that runs is not told. */
  readonly signal?: AbortSignal | undefined
}

/** The handler alone says what its arguments are; the key's function takes as many of them as it likes. */
type Uninferred<Args extends readonly unknown[]> = Parameters<(...args: Args) => void>

type Handler<Args extends readonly unknown[], Result> = (...args: Args) => Result | Promise<Result>

/**
 * Wraps a handler so that no two calls with the same key run at once, in whichever process. It takes the handler's
 * arguments and resolves to what the handler returns, under the rules of `locks.run`. Inside the handler, `currentLock()`
 * is the lock.
 *
 * An AbortSignal among the arguments, such as BullMQ's third, ends the wait for the lock too; the handler is given one in
 * its place that also aborts when the lock is lost.
 *
 * @example
 * worker.process(withLock(locks, { key: (job) => `order:${job.data.orderId}`, ttl: '1m' }, shipOrder))
 * const sync = withLock(locks, { key: 'sync', onBusy: 'skip', holdAtLeast: '50s' }, pullOrders)
 * setInterval(() => sync().catch(log), 60_000) // it rejects when the store is down
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function withLock<Args extends readonly unknown[], Result>(
  locks: Locks,
  options: WithLockOptions<Uninferred<Args>> & { readonly onBusy?: 'wait' | 'throw' | undefined },
  handler: Handler<Args, Result>,
): (...args: Args) => Promise<Result>
export function withLock<Args extends readonly unknown[], Result>(
  locks: Locks,
  options: WithLockOptions<Uninferred<Args>> & { readonly onBusy?: OnBusy | undefined },
  handler: Handler<Args, Result>,
): (...args: Args) => Promise<Result | undefined>
export function withLock<Args extends readonly unknown[], Result, Instead>(
  locks: Locks,
  options: WithLockOptions<Uninferred<Args>, Instead> & {
    readonly onBusy: OnBusyFunction<Uninferred<Args>, Instead>
  },
  handler: Handler<Args, Result>,
): (...args: Args) => Promise<Result | Instead>
export function withLock<Args extends readonly unknown[], Result, Instead>(
  locks: Locks,
  options: WithLockOptions<Args, Instead>,
  handler: Handler<Args, Result>,
): (...args: Args) => Promise<Result | Instead | undefined> {
  return withLockBy(systemTime, locks, options, handler)
}

/** `withLock` with the clocks and timers by which it holds: tests bring their own. */
export function withLockBy<Args extends readonly unknown[], Result, Instead = never>(
  time: LocalTime,
  locks: Locks,
  options: WithLockOptions<Args, Instead>,
  handler: Handler<Args, Result>,
): (...args: Args) => Promise<Result | Instead | undefined> {
  if (typeof locks?.run !== 'function') throw wrongOption('locks', 'what createLocks() made', locks)
  if (typeof handler !== 'function') throw wrongOption('handler', 'a function', handler)
  const plan = parseWithLock(options)
  const lockedHandler = async (...args: Args): Promise<Result | Instead | undefined> => {
    const name = plan.nameOf(...args)
    const taken = await take(locks, name, plan, args.filter(isSignal))
    if (!('fence' in taken)) return plan.instead?.(taken, ...args)
    const held = holdAtLeast(time, taken, plan.holdAtLeastMs)
    return runHolding(held, () => callUnder(taken, handler, args))
  }
  // Who counts parameters goes on as with the handler: BullMQ has a signal only for those with three.
  return Object.defineProperty(lockedHandler, 'length', { value: handler.length })
}

/** Calls the handler with signals that also abort when the lock is lost. */
async function callUnder<Args extends readonly unknown[], Result>(
  lock: Lock,
  handler: Handler<Args, Result>,
  args: Args,
): Promise<Result> {
  const joined = args.filter(isSignal).map((signal) => joinSignals(signal, lock.signal))
  const signals = joined.values()
  // A signal for a signal, and all else as it came.
  const own = args.map((arg) => (isSignal(arg) ? signals.next().value?.signal : arg))
  try {
    return await handler(...(own as unknown as Args))
  } finally {
    for (const { leave } of joined) leave()
  }
}

/** The lock; or, where the plan says what to do without it, how busy it is. */
async function take<Args extends readonly unknown[]>(
  locks: Locks,
  name: string,
  { acquireOptions, tryOptions, signal, instead }: WithLockPlan<Args, unknown>,
  jobSignals: readonly AbortSignal[],
): Promise<Lock | BusyLock> {
  const waiting = joinSignals(...jobSignals, ...(signal === undefined ? [] : [signal]))
  try {
    if (instead !== skip) {
      return await locks.acquire(name, { ...acquireOptions, signal: waiting.signal })
    }
    waiting.signal.throwIfAborted()
    return (await locks.tryAcquire(name, tryOptions)) ?? { name, remainingMs: 0 }
  } catch (error) {
    if (instead === undefined || !(error instanceof LockBusyError)) throw error
    return { name, remainingMs: error.remainingMs }
  } finally {
    waiting.leave()
  }
}

function isSignal(value: unknown): value is AbortSignal {
  return value instanceof AbortSignal
}

/** A `WithLockOptions`, parsed. */
interface WithLockPlan<Args extends readonly unknown[], Instead> {
  readonly nameOf: (...args: Args) => string
  readonly acquireOptions: AcquireOptions
  readonly tryOptions: TryOptions
  /** What a busy lock comes to; `undefined` where it is waited for or is an error. */
  readonly instead: OnBusyFunction<Args, Instead | undefined> | undefined
  readonly holdAtLeastMs: number
  readonly signal: AbortSignal | undefined
}

const optionNames = ['key', 'ttl', 'onBusy', 'wait', 'retry', 'holdAtLeast', 'maxHold', 'signal']
const longestHoldMs = 7 * 24 * 60 * 60 * 1000

function parseWithLock<Args extends readonly unknown[], Instead>(
  options: WithLockOptions<Args, Instead>,
): WithLockPlan<Args, Instead> {
  checkOptions('withLock', options, optionNames)
  const { key, onBusy, signal } = options
  if (typeof key !== 'function' && typeof key !== 'string') {
    throw wrongOption('key', "a name or a function of the handler's arguments", key)
  }
  return {
    nameOf: typeof key === 'function' ? key : () => key,
    ...parseTaking(options),
    instead: typeof onBusy === 'function' ? onBusy : onBusy === 'skip' ? skip : undefined,
    holdAtLeastMs: parseHoldAtLeast(options),
    signal,
  }
}

function parseTaking<Args extends readonly unknown[]>(
  options: WithLockOptions<Args, unknown>,
): Pick<WithLockPlan<Args, unknown>, 'acquireOptions' | 'tryOptions'> {
  const { ttl, maxHold, wait, retry, signal } = options
  const isFunction = typeof options.onBusy === 'function'
  const onBusy = choiceOption(isFunction ? 'throw' : options.onBusy, 'onBusy', choices, 'wait')
  if (onBusy !== 'wait' && (wait ?? retry) !== undefined) {
    throw wrongOption('onBusy', `'wait' where "wait" or "retry" is given`, options.onBusy)
  }
  const tryOptions: TryOptions = {
    ...(ttl === undefined ? {} : { ttl }),
    ...(maxHold === undefined ? {} : { maxHold }),
  }
  const acquireOptions: AcquireOptions = {
    ...tryOptions,
    ...(retry === undefined ? {} : { retry }),
    ...(onBusy === 'wait' ? (wait === undefined ? {} : { wait }) : { wait: 0 }),
  }
  // A wrong duration is refused where it is written, not when the first job comes.
  parseAcquire('withLock', { ...acquireOptions, ...(signal === undefined ? {} : { signal }) })
  return { acquireOptions, tryOptions }
}

const choices = ['wait', 'skip', 'throw'] as const

function skip(): undefined {
  return undefined
}

function parseHoldAtLeast<Args extends readonly unknown[]>({
  holdAtLeast,
  maxHold,
}: WithLockOptions<Args, unknown>): number {
  if (holdAtLeast === undefined) return 0
  const leastMs = durationMs(holdAtLeast, 'holdAtLeast')
  if (leastMs > longestHoldMs) throw wrongOption('holdAtLeast', "at most '7d'", holdAtLeast)
  if (maxHold !== undefined && durationMs(maxHold, 'maxHold') < leastMs) {
    throw wrongOption('holdAtLeast', 'no longer than "maxHold"', holdAtLeast)
  }
  return leastMs
}
