import { tracedKey, wrongOption } from '@sluice/core/extend'
import { acquireGrant } from './acquire.ts'
import { attemptOnce } from './attempt.ts'
import { inspectionOf, type LockInspection } from './inspection.ts'
import { holdLock, type HeldLock, type Lock, type LockContext, type NamedClaim } from './lock.ts'
import { forceRelease } from './operations/force-release.ts'
import { inspect } from './operations/inspect.ts'
import {
  parseAcquire,
  parseLoss,
  parseTry,
  type AcquireOptions,
  type RunOptions,
  type TryOptions,
  type TryPlan,
  type TryRunOptions,
} from './options.ts'
import { heldAround } from './reentry.ts'
import { runHolding, type TryRunResult } from './run.ts'
import type { Target } from './target.ts'
import { traceAcquire, type LockFields } from './tracing.ts'

/** The verbs of all kinds of locks. A target is made when a verb is called, so that a bad name rejects. */
export interface Verbs {
  acquire(target: () => Target, options?: AcquireOptions): Promise<Lock>
  tryAcquire(target: () => Target, options?: TryOptions): Promise<Lock | undefined>
  run<Value>(
    target: () => Target,
    work: (lock: Lock) => Value | Promise<Value>,
    options?: RunOptions,
  ): Promise<Value>
  tryRun<Value>(
    target: () => Target,
    work: (lock: Lock) => Value | Promise<Value>,
    options?: TryRunOptions,
  ): Promise<TryRunResult<Value>>
  inspect(key: string): Promise<LockInspection>
  forceRelease(key: string): Promise<number>
}

/** What one `createLocks` was told for all its locks. */
export interface VerbsOptions {
  readonly ttlMs: number
  readonly retentionMs: number
  /** A claim with a token of its own. */
  readonly claim: (target: Target, plan: TryPlan) => NamedClaim
}

/** Makes the verbs of one `createLocks`. */
export function createVerbs(context: LockContext, options: VerbsOptions): Verbs {
  const { store } = context
  const { retentionMs } = options
  const { hold, tryHold } = createAskers(context, options)
  return {
    async acquire(target, given) {
      const { lock } = await hold('acquire', target(), given)
      return lock
    },
    async tryAcquire(target, given) {
      const outcome = await tryHold('tryAcquire', target(), given)
      return outcome.held?.lock
    },
    async run(target, work, given) {
      checkWork(work)
      if (given === undefined) return runHolding(await hold('run', target()), work)
      const { isIgnored, rest } = parseLoss(given)
      return runHolding(await hold('run', target(), rest), work, isIgnored)
    },
    async tryRun(target, work, given = {}) {
      checkWork(work)
      const { isIgnored, rest } = parseLoss(given)
      const { held, remainingMs } = await tryHold('tryRun', target(), rest)
      if (held === undefined) return { ran: false, remainingMs }
      return { ran: true, value: await runHolding(held, work, isIgnored) }
    },
    inspect: async (key) => inspectionOf(await store.run(inspect, { key })),
    forceRelease: (key) => store.run(forceRelease, { key, retentionMs }),
  }
}

/** What one attempt came to. */
interface Tried {
  /** `undefined` when it was busy. */
  readonly held: HeldLock | undefined
  /** Ms until the lease of who holds it ends. */
  readonly remainingMs: number
}

interface Askers {
  hold(caller: string, target: Target, given?: AcquireOptions): Promise<HeldLock>
  tryHold(caller: string, target: Target, given?: TryOptions): Promise<Tried>
}

function createAskers(context: LockContext, { ttlMs, claim }: VerbsOptions): Askers {
  const usual = parseAcquire('acquire', {}, ttlMs)
  const fields = (_: string, { lockName }: Target): LockFields => ({
    key: tracedKey(() => lockName),
  })
  return {
    hold: traceAcquire.wrap(
      async (caller: string, target: Target, given?: AcquireOptions): Promise<HeldLock> => {
        const plan = given === undefined ? usual : parseAcquire(caller, given, ttlMs)
        const around = plan.isReentrant ? heldAround(context.store, target) : undefined
        if (around !== undefined) return around
        return holdLock(context, await acquireGrant(context, claim(target, plan), plan))
      },
      fields,
      () => 'acquired',
    ),
    tryHold: traceAcquire.wrap(
      async (caller: string, target: Target, given: TryOptions = {}): Promise<Tried> => {
        const plan = parseTry(caller, given, ttlMs)
        const around = plan.isReentrant ? heldAround(context.store, target) : undefined
        if (around !== undefined) return { held: around, remainingMs: 0 }
        const outcome = await attemptOnce(context, claim(target, plan))
        return outcome.granted
          ? { held: holdLock(context, outcome.grant), remainingMs: 0 }
          : { held: undefined, remainingMs: outcome.remainingMs }
      },
      fields,
      ({ held }) => (held === undefined ? 'busy' : 'acquired'),
    ),
  }
}

function checkWork(work: unknown): void {
  if (typeof work !== 'function')
    throw wrongOption('work', 'the function to run under the lock', work)
}
