import { OperationError } from '@sluice/core'
import { tracedKey, wrongOption } from '@sluice/core/extend'
import { acquireGrant } from './acquire.ts'
import type { Locks } from './create-locks.ts'
import { runAsHolder } from './current-lock.ts'
import { LockBusyError, LockLostError } from './errors.ts'
import { joinSignals } from './joined-signal.ts'
import { holdLock, type HeldLock, type Lock, type LockContext, type NamedClaim } from './lock.ts'
import { askTwice, mayHaveApplied } from './lost-reply.ts'
import { acquireAll } from './operations/acquire-all.ts'
import { parseAcquire, parseLoss, type AcquireOptions, type AcquirePlan } from './options.ts'
import { asReplicated, refusalOf } from './replication.ts'
import { traceAcquire } from './tracing.ts'

/** Several locks, held together: all of them, or none. */
export interface LockSet extends AsyncDisposable {
  /** By name. Each has a fence of its own. */
  readonly locks: ReadonlyMap<string, Lock>
  /** Aborts when the first of them is lost; the reason is its `LockLostError`. */
  readonly signal: AbortSignal
  /** @throws LockLostError unless all of them are held at this moment */
  assertHeld(): void
  /** Gives all of them back. `'expired'` when the lease of one had ended before. @throws StoreUnavailableError */
  release(): Promise<'released' | 'expired'>
}

/** Takes locks of several names. */
export type LockSets = Pick<Locks, 'acquireAll' | 'runAll'>

/** What one `createLocks` gives its sets. */
export interface LockSetsOptions {
  readonly ttlMs: number
  /** A claim of one name, with a token of its own. */
  readonly claim: (name: string, plan: AcquirePlan) => NamedClaim
}

/** Makes the verbs for several names. */
export function createLockSets(context: LockContext, options: LockSetsOptions): LockSets {
  // Found out by asking: only a Cluster refuses a script on keys of several slots.
  let areApart = false

  const atOnce = async (
    claims: readonly NamedClaim[],
    plan: AcquirePlan,
  ): Promise<readonly HeldLock[] | undefined> => {
    if (areApart) return undefined
    try {
      return await takeAtOnce(context, claims, plan)
    } catch (error) {
      if (!isCrossSlot(error)) throw error
      areApart = true
      return undefined
    }
  }
  const hold = traceAcquire.wrap(
    async (caller: string, names: readonly string[], given: AcquireOptions = {}) => {
      const plan = parseAcquire(caller, given, options.ttlMs)
      plan.signal?.throwIfAborted()
      // In one order for all callers: no two wait for each other.
      const claims = checkNames(names)
        .toSorted()
        .map((name) => options.claim(name, plan))
      return (await atOnce(claims, plan)) ?? takeOneByOne(context, claims, plan)
    },
    (_, names) => ({ key: tracedKey(() => String(names)) }),
    () => 'acquired',
  )

  return {
    acquireAll: async (names, given) => lockSet(await hold('acquireAll', names, given)),
    async runAll(names, work, given = {}) {
      if (typeof work !== 'function') {
        throw wrongOption('work', 'the function to run under the locks', work)
      }
      const { isIgnored, rest } = parseLoss(given)
      return runHoldingAll(await hold('runAll', names, rest), work, isIgnored)
    },
  }
}

/** All of them by one question; `undefined` when one is busy and there is time to wait for it. */
async function takeAtOnce(
  context: LockContext,
  claims: readonly NamedClaim[],
  { waitMs, signal }: AcquirePlan,
): Promise<readonly HeldLock[] | undefined> {
  const { store, time, orphans, replication } = context
  const [{ token, ttlMs, retentionMs } = noClaim()] = claims
  const claim = { lockKeys: claims.map(({ key }) => key), token, ttlMs, retentionMs }
  const grants = claims.map((one) => ({ ...one, token }))
  const giveBack = (): void => {
    for (const grant of grants) orphans.free(grant)
  }
  try {
    const { answer, startedAt } = await askTwice(
      time,
      async (runOptions) => {
        const startedAt = time.now()
        const how = asReplicated(replication, ttlMs, runOptions)
        return { answer: await store.run(acquireAll, claim, how), startedAt }
      },
      () => waitMs > 0 && signal?.aborted !== true,
    )
    if (!answer.granted) {
      if (waitMs > 0) return undefined
      const { remainingMs } = answer
      throw new LockBusyError({ lockName: claims[answer.busy]?.lockName ?? '', remainingMs })
    }
    signal?.throwIfAborted()
    return grants.map((grant, at) =>
      holdLock(context, { ...grant, fence: answer.fences[at] ?? 0, startedAt }),
    )
  } catch (error) {
    const refusal = refusalOf(error, grants.map(({ lockName }) => lockName).join(', '))
    if (signal?.aborted === true || mayHaveApplied(refusal)) giveBack()
    throw refusal
  }
}

/** One after the other, each for as long as the wait still lasts; all are given back when one cannot be had. */
async function takeOneByOne(
  context: LockContext,
  claims: readonly NamedClaim[],
  plan: AcquirePlan,
): Promise<readonly HeldLock[]> {
  const { time } = context
  const endMs = time.now().monotonicMs + plan.waitMs
  const held: HeldLock[] = []
  try {
    for (const claim of claims) {
      const leftMs = Math.max(Math.min(plan.waitMs, 1), endMs - time.now().monotonicMs)
      held.push(holdLock(context, await acquireGrant(context, claim, { ...plan, waitMs: leftMs })))
    }
    for (const { lock } of held) lock.assertHeld()
    return held
  } catch (error) {
    await finishAll(held)
    throw error
  }
}

function lockSet(held: readonly HeldLock[]): LockSet {
  const locks = held.map(({ lock }) => lock)
  return {
    locks: new Map(locks.map((lock) => [lock.name, lock])),
    signal: joinSignals(...locks.map(({ signal }) => signal)).signal,
    assertHeld() {
      for (const lock of locks) lock.assertHeld()
    },
    async release() {
      const all = await Promise.allSettled(locks.map((lock) => lock.release()))
      for (const one of all) if (one.status === 'rejected') throw one.reason
      const isExpired = all.some((one) => one.status === 'fulfilled' && one.value === 'expired')
      return isExpired ? 'expired' : 'released'
    },
    async [Symbol.asyncDispose]() {
      await finishAll(held)
    },
  }
}

/** As `runHolding`, for several. */
async function runHoldingAll<Value>(
  held: readonly HeldLock[],
  work: (locks: LockSet) => Value | Promise<Value>,
  isLossIgnored: boolean,
): Promise<Value> {
  const set = lockSet(held)
  const underAll = held.reduce<() => Promise<Value>>(
    (inner, { lock }) =>
      () =>
        runAsHolder(lock, inner),
    async () => work(set),
  )
  let value: Value
  try {
    value = await underAll()
  } catch (error) {
    await finishAll(held)
    throw error
  }
  const lost = await finishAll(held)
  if (lost === undefined || isLossIgnored) return value
  const { lockName, fence, reason, cause } = lost
  throw new LockLostError({ lockName, fence, reason, cause, value })
}

/** Gives all back without ever throwing, and answers how the first was lost. */
async function finishAll(held: readonly HeldLock[]): Promise<LockLostError | undefined> {
  const losses = await Promise.all(held.map(({ finish }) => finish()))
  return losses.find((loss) => loss !== undefined)
}

function checkNames(names: readonly string[]): readonly string[] {
  if (!Array.isArray(names) || names.length === 0 || names.length > mostNames) {
    throw wrongOption('names', `an array of 1 to ${mostNames} names`, names)
  }
  return [...new Set<string>(names)]
}

/** Redis serves nobody else while it asks for all of them. */
const mostNames = 1000

function noClaim(): never {
  throw new Error('checkNames() lets no empty array pass')
}

function isCrossSlot(error: unknown): boolean {
  return error instanceof OperationError && error.message.includes('CROSSSLOT')
}
