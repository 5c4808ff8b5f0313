import { KeyError, OptionError, StoreClosedError, type Duration } from '@sluice/core'
import { checkOptions, durationOption, failureReporter, wrongOption } from '@sluice/core/extend'
import type { Locks } from './create-locks.ts'
import { holdAtLeast } from './hold-at-least.ts'
import { joinSignals } from './joined-signal.ts'
import type { LocalTime } from './local-time.ts'
import type { HeldLock, Lock } from './lock.ts'
import { parseAcquire, type AcquireOptions } from './options.ts'
import { pauseMs, type RetryPlan } from './retry.ts'
import { runHolding } from './run.ts'

/** What a leader knows while it leads. */
export interface Leadership extends Pick<Lock, 'name' | 'fence' | 'assertHeld'> {
  /** Aborts when the leadership is lost, for a `LockLostError`, and when the candidate resigns or is stopped. */
  readonly signal: AbortSignal
}

/** What a leader does until its `signal` aborts. Returning earlier steps down. */
export type LeaderWork = (leadership: Leadership) => unknown

/** Options of `locks.lead`. */
export interface LeadOptions {
  /** How long others wait for a new leader after this process has crashed. Default: that of `createLocks`. */
  readonly ttl?: Duration | undefined
  /**
   * How long to stand back after a term before standing again, less up to half of it at random; doubled with each failure in
   * a row, up to `'30s'`. Default `'1s'`.
   */
  readonly retryDelay?: Duration | undefined
  /** Ends the candidacy as `resign()` does. */
  readonly signal?: AbortSignal | undefined
}

/** One who leads, or stands by to lead. */
export interface Candidate extends AsyncDisposable {
  /** True while it leads, by this machine's clocks and at this moment; false from when its `signal` aborts. */
  readonly isLeader: boolean
  /**
   * Leads no more and does not stand again: aborts the work's signal, waits for the work and gives the lock back.
   * `await using` does the same. Never rejects.
   */
  resign(): Promise<void>
  /**
   * Resolves when the candidacy is over. Rejects when it could never succeed: with `KeyError` or `OptionError`, or with
   * `StoreClosedError` when the cache was closed before. Nobody has to wait for it.
   */
  readonly done: Promise<void>
}

/** The locks that candidates stand for. */
type Offices = Pick<Locks, 'acquire'>

/** `Locks.lead` of some locks, with the clocks and timers by which it pauses. */
export function leadBy(
  time: LocalTime,
  locks: Offices,
  name: string,
  work: LeaderWork,
  options: LeadOptions = {},
): Candidate {
  if (typeof work !== 'function') throw wrongOption('work', 'the function that leads', work)
  const { acquireOptions, retry, signal } = parseLead(options)
  const resigned = new AbortController()
  const ending = joinSignals(resigned.signal, ...(signal === undefined ? [] : [signal]))
  let term: Term | undefined

  const stand = (): Promise<Lock> =>
    locks.acquire(name, { ...acquireOptions, signal: ending.signal })
  const serve = async (lock: Lock): Promise<void> => {
    term = createTerm(lock, ending.signal)
    await term.serve(holdAtLeast(time, lock, 0), work)
  }
  const done = campaign(time, { stand, serve, retry, ending: ending.signal }).finally(ending.leave)
  // It was reported, and who does not wait for it is not to crash.
  const settled = done.catch(() => undefined)
  const resign = (): Promise<void> => {
    resigned.abort()
    return settled
  }
  return {
    get isLeader() {
      return term?.isHeld() ?? false
    },
    resign,
    done,
    [Symbol.asyncDispose]: resign,
  }
}

/** One lease of the leadership. */
interface Term {
  isHeld(): boolean
  /** Settles when the work has, and the lock was given back. @throws what ended it too soon */
  serve(held: HeldLock, work: LeaderWork): Promise<void>
}

function createTerm(lock: Lock, ending: AbortSignal): Term {
  const { signal, leave } = joinSignals(lock.signal, ending)
  const { name, fence, assertHeld } = lock
  return {
    isHeld: () => !signal.aborted && lock.remainingMs > 0,
    async serve(held, work) {
      try {
        await runHolding(held, () => work({ name, fence, assertHeld, signal }))
      } catch (error) {
        throw isStopping(error, signal) ? signal.reason : error
      } finally {
        leave()
      }
    },
  }
}

/** Work that stops as it was told often throws what it was told, or an AbortError of its own. */
function isStopping(error: unknown, { aborted, reason }: AbortSignal): boolean {
  return aborted && (error === reason || (error instanceof Error && error.name === 'AbortError'))
}

/** What a campaign goes by. */
interface Campaign {
  stand(): Promise<Lock>
  serve(lock: Lock): Promise<void>
  readonly retry: RetryPlan
  readonly ending: AbortSignal
}

const report = failureReporter('distributed-lock')

/** Serves term after term until it is told to end. @throws what no further try could mend */
async function campaign(time: LocalTime, { stand, serve, retry, ending }: Campaign): Promise<void> {
  let failures = 0
  while (!ending.aborted) {
    const startedAtMs = time.now().monotonicMs
    let isHopeless = false
    try {
      const lock = await stand().catch((error: unknown) => {
        isHopeless = isMisuse(error)
        throw error
      })
      await serve(lock)
      failures = 0
    } catch (error) {
      if (ending.aborted && error === ending.reason) return
      report({ verb: 'lead', instead: isHopeless ? 'given up' : 'stands again', error })
      if (isHopeless) throw error
      const wasLong = time.now().monotonicMs - startedAtMs > retry.maxMs
      failures = wasLong ? 1 : failures + 1
    }
    const backoffMs = pauseMs(retry, Math.max(1, failures), Math.random())
    await time.sleep(backoffMs, ending).catch(() => undefined)
  }
}

/** What asking again will not change. */
function isMisuse(error: unknown): boolean {
  return (
    error instanceof OptionError || error instanceof KeyError || error instanceof StoreClosedError
  )
}

function parseLead(options: LeadOptions): {
  readonly acquireOptions: AcquireOptions
  readonly retry: RetryPlan
  readonly signal: AbortSignal | undefined
} {
  checkOptions('lead', options, ['ttl', 'retryDelay', 'signal'])
  const { ttl, retryDelay, signal } = options
  const acquireOptions: AcquireOptions = {
    ...(ttl === undefined ? {} : { ttl }),
    wait: Number.POSITIVE_INFINITY,
  }
  parseAcquire('lead', { ...acquireOptions, ...(signal === undefined ? {} : { signal }) })
  const delayMs = durationOption(retryDelay, 'retryDelay', '1s')
  const maxMs = Math.max(delayMs, longestPauseMs)
  const attempts = Number.POSITIVE_INFINITY
  return { acquireOptions, retry: { attempts, delayMs, factor: 2, maxMs, jitter: 0.5 }, signal }
}

const longestPauseMs = 30_000
