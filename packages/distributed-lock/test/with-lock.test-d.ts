/** Checked by tsc alone: what a caller's compiler knows of a wrapped handler whose lock is busy, and of the locks around it. */
import { expectTypeOf } from 'vitest'
import { currentLock, withLock, type Lock, type Locks, type BusyLock } from '../src/index.ts'

interface Job {
  readonly data: { readonly orderId: number }
}

declare const locks: Locks
declare function shipOrder(job: Job, token?: string, signal?: AbortSignal): Promise<string>

// A function for a busy lock knows the handler's arguments, and what it returns is a result too.
const delayed = withLock(
  locks,
  {
    key: 'a',
    onBusy: ({ name, remainingMs }, job, token) => {
      expectTypeOf(name).toBeString()
      expectTypeOf(remainingMs).toBeNumber()
      expectTypeOf(job).toEqualTypeOf<Job>()
      expectTypeOf(token).toEqualTypeOf<string | undefined>()
      return remainingMs
    },
  },
  shipOrder,
)
expectTypeOf(delayed).toEqualTypeOf<
  (job: Job, token?: string, signal?: AbortSignal) => Promise<string | number>
>()

// One that always throws changes no type.
const thrown = withLock(
  locks,
  { key: 'a', onBusy: (_busy: BusyLock): Promise<never> => Promise.reject(new Error('busy')) },
  shipOrder,
)
expectTypeOf(thrown).returns.resolves.toBeString()

// @ts-expect-error it is given the handler's arguments
withLock(locks, { key: 'a', onBusy: (_busy: BusyLock, job: string) => job }, shipOrder)

expectTypeOf(currentLock()).toEqualTypeOf<Lock | undefined>()

locks.lead('boss', async ({ signal, fence, assertHeld }) => {
  expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
  expectTypeOf(fence).toBeNumber()
  expectTypeOf(assertHeld).returns.toBeVoid()
})
