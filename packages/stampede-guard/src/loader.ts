import type { Clock } from '@sluice/core'
import { callWithContext, type LoadContext, type Said } from './context.ts'
import { copiesOf, type Copies } from './copies.ts'
import { smoothedLoadMs } from './early-refresh.ts'
import type { Entry } from './entry.ts'
import type { Load } from './loads.ts'
import type { Policy } from './policy.ts'
import { fieldsOf, traceLoad, type LoadFields } from './tracing.ts'

/** Makes the value of a key, from the source. */
export type Loader<Value> = (context: LoadContext) => Value | PromiseLike<Value>

/** What a caller asked for. */
export interface Ask {
  /** Names the flights of this key. */
  readonly id: string
  readonly key: string
  readonly load: Loader<unknown>
  readonly policy: Policy
}

/** Circumstances of one load. */
export interface LoadOptions {
  /** The entry that this load replaces. */
  readonly over?: Entry | undefined
  /** The same, where the loader may look at it. */
  readonly previous?: Entry | undefined
  /** True when nobody waits for it. */
  readonly background: boolean
  /** True when there is a stale value to serve in place of an error. */
  readonly canFail: boolean
  /** False when the store has just failed to read: it is not asked again. */
  readonly fill: boolean
  /** Told, in place of a value, for how long another process will see to it. */
  readonly onElsewhere?: (forMs: number) => void
}

/** What a loader made. */
export interface Loaded {
  readonly value: unknown
  readonly copies: Copies
  readonly loadMs: number
  readonly said: Said
}

const loadTold = traceLoad.wrap(
  async (_key: string, _why: LoadFields['why'], call: () => Promise<unknown>) => call(),
  (key, why) => ({ ...fieldsOf(key), why }),
  () => undefined,
)

/** Calls the loader, and measures it. */
export async function callLoader(
  { key, load: loader }: Ask,
  { over, previous, background }: LoadOptions,
  { controller }: Load,
  clock: Clock,
): Promise<Loaded> {
  const said: Said = { ttlMs: undefined, tags: undefined, skip: false }
  const startedAtMs = clock.now()
  const parts = { key, signal: controller.signal, previous, nowMs: startedAtMs }
  const call = (): Promise<unknown> => callWithContext(loader, parts, said)
  const why = background ? 'refresh' : 'miss'
  const value = await (traceLoad.active ? loadTold(key, why, call) : call())
  const loadMs = smoothedLoadMs(clock.now() - startedAtMs, over?.loadMs)
  return { value, copies: copiesOf(value), loadMs, said }
}
