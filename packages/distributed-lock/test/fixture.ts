import { createCache, StoreUnavailableError, type Cache, type Store } from '@sluice/core'
import type { UnavailableReason } from '@sluice/core'
import type { ChannelListener } from '@sluice/core/extend'
import { memoryStore } from '@sluice/core/memory'
import { createLocksBy, type Locks } from '../src/create-locks.ts'
import { manualTime, type ManualTime } from './manual-time.ts'

/** What happens to the calls of an operation. */
export type Fault =
  /** It is not applied. */
  | 'lost-request'
  /** It is applied, and the caller never hears. */
  | 'lost-reply'
  /** It is not applied, and the caller is told that it never left. */
  | 'never-sent'

/** Applies the operation when it likes. */
export type Advice = (apply: () => Promise<void>) => Promise<void>

/** Locks on memory, with clocks and faults that the test holds. */
export interface Fixture {
  readonly time: ManualTime
  readonly cache: Cache
  readonly locks: Locks
  /** Lets the next calls of an operation fail, in that order. */
  fail(verb: string, ...faults: readonly Fault[]): void
  /** Lets every further call of an operation fail, or none. */
  failAlways(verb: string, fault: Fault | undefined): void
  /** Lets a test do something before and after an operation is applied, while its caller waits for the reply. */
  around(verb: string, advice: Advice): void
  /** Operations that reached the store, by verb. */
  readonly calls: string[]
  /** Messages are lost from now on, or not any more: then those who listen are told of the gap. */
  mute(isMuted: boolean): void
  /** Locks of another process on the same store. */
  another(): Locks
}

/** Makes locks whose store and leases follow one clock. */
export function fixture(reason: UnavailableReason = 'timeout'): Fixture {
  const time = manualTime()
  const inner = memoryStore({ clock: { now: () => time.now().wallMs } })
  const queued = new Map<string, Fault[]>()
  const always = new Map<string, Fault | undefined>()
  const advices = new Map<string, Advice>()
  const calls: string[] = []
  const listeners = new Set<ChannelListener>()
  let isMuted = false
  const store: Store = {
    ...inner,
    async run(operation, args, options) {
      const verb = operation.name.replace('distributed-lock.', '')
      const fault = queued.get(verb)?.shift() ?? always.get(verb)
      const results: Awaited<ReturnType<typeof operation.reply>>[] = []
      const apply = async (): Promise<void> => {
        calls.push(verb)
        results.push(await inner.run(operation, args, options))
      }
      if (fault !== 'lost-request' && fault !== 'never-sent')
        await (advices.get(verb)?.(apply) ?? apply())
      const [result] = results
      if (fault !== undefined || result === undefined) {
        const details = fault === 'never-sent' ? { mayHaveApplied: false } : {}
        throw new StoreUnavailableError(reason, `${verb}: ${fault}`, details)
      }
      return result
    },
    subscribe(channel, listener) {
      listeners.add(listener)
      const subscription = inner.subscribe(channel, {
        onGap: listener.onGap,
        onMessage: (message) => (isMuted ? undefined : listener.onMessage(message)),
      })
      return {
        // A link that is down is never ready.
        ready: isMuted ? new Promise(() => undefined) : subscription.ready,
        close() {
          listeners.delete(listener)
          subscription.close()
        },
      }
    },
  }
  const cache = createCache({ store, prefix: 'test' })
  return {
    time,
    cache,
    locks: createLocksBy(time, { cache }),
    fail: (verb, ...faults) => void queued.set(verb, [...faults]),
    failAlways: (verb, fault) => void always.set(verb, fault),
    around: (verb, advice) => void advices.set(verb, advice),
    calls,
    mute(muted) {
      isMuted = muted
      if (!muted) for (const { onGap } of listeners) onGap()
    },
    another: () => createLocksBy(time, { cache }),
  }
}

/** What a promise rejects with; fails the test when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const value = await promise.catch((error: unknown) => ({ error }))
  if (typeof value === 'object' && value !== null && 'error' in value) return value.error
  throw new Error('Expected a rejection')
}
