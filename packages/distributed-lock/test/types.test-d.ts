/** Checked by tsc alone: what a caller's compiler knows. */
import { expectTypeOf } from 'vitest'
import { withLock, type Lock, type Locks, type OnBusy, type TryRunResult } from '../src/index.ts'

interface Job {
  readonly data: { readonly orderId: number }
}

declare const locks: Locks
declare const onBusy: OnBusy
declare function shipOrder(job: Job, attempt?: number): Promise<string>

// A handler keeps its arguments, and the key's function knows them without a word.
const shipped = withLock(locks, { key: (job) => `order:${job.data.orderId}`, ttl: '1m' }, shipOrder)
expectTypeOf(shipped).toEqualTypeOf<(job: Job, attempt?: number) => Promise<string>>()
expectTypeOf(shipped).thisParameter.toBeUnknown()

// Only what may be skipped may resolve to nothing.
expectTypeOf(
  withLock(locks, { key: 'a', onBusy: 'throw' }, shipOrder),
).returns.resolves.toBeString()
const skipped = withLock(locks, { key: 'a', onBusy: 'skip' }, shipOrder)
expectTypeOf(skipped).returns.resolves.toEqualTypeOf<string | undefined>()
const chosen = withLock(locks, { key: 'a', onBusy }, shipOrder)
expectTypeOf(chosen).returns.resolves.toEqualTypeOf<string | undefined>()

// A handler may be synchronous, without arguments, or written in place.
expectTypeOf(withLock(locks, { key: 'a' }, () => 42)).toEqualTypeOf<() => Promise<number>>()
const inPlace = withLock(locks, { key: (id) => `a:${id}` }, async (id: number) => id > 0)
expectTypeOf(inPlace).toEqualTypeOf<(id: number) => Promise<boolean>>()

// @ts-expect-error the key's function is given the handler's arguments
withLock(locks, { key: (job: string) => job }, shipOrder)
// @ts-expect-error a name is text
withLock(locks, { key: (job) => job.data.orderId }, shipOrder)
// @ts-expect-error no such policy
withLock(locks, { key: 'a', onBusy: 'queue' }, shipOrder)

expectTypeOf(locks.run('a', () => 42)).resolves.toBeNumber()
expectTypeOf(locks.run('a', async ({ fence }) => fence)).resolves.toBeNumber()
expectTypeOf(locks.tryAcquire('a')).resolves.toEqualTypeOf<Lock | undefined>()
expectTypeOf(locks.tryRun('a', () => 'done')).resolves.toEqualTypeOf<TryRunResult<string>>()
const outcome = await locks.tryRun('a', () => 'done')
if (outcome.ran) expectTypeOf(outcome.value).toBeString()
else expectTypeOf(outcome.remainingMs).toBeNumber()
// @ts-expect-error what did not run has no value
outcome.value satisfies string
