import { failureReporter } from '@sluice/core/extend'
import { copiesOf, type Copies } from './copies.ts'
import { createEntry } from './entry.ts'
import { smoothedLoadMs } from './early-refresh.ts'
import type { Load } from './flights.ts'
import type { GuardConfig } from './options.ts'
import { fieldsOf, traceLoad, type LoadFields } from './tracing.ts'

/** Reports what the guard absorbs, on the channel `sluice:stampede-guard:failure`. */
export const reportFailure: ReturnType<typeof failureReporter> = failureReporter('stampede-guard')

/** What a loader is told. */
export interface LoadContext {
  /** The key that is loaded, as it was given to the guard. */
  readonly key: string
}

/** Makes the value of a key, from the source. */
export type Loader<Value> = (context: LoadContext) => Value | PromiseLike<Value>

/** What a caller asked for. */
export interface Ask {
  /** Names the flights of this key. */
  readonly id: string
  readonly key: string
  readonly load: Loader<unknown>
  readonly ttlMs: number
}

/** Circumstances of one load. */
export interface LoadOptions {
  /** The smoothed load time of the entry that this load replaces. */
  readonly previousLoadMs?: number
  /** False when the store has just failed to read: it is not asked again. */
  readonly fill: boolean
}

/** Loads values and writes them. */
export interface LoadRunner {
  run(ask: Ask, options: LoadOptions, load: Load): Promise<Copies>
  /** Writes an entry by hand. */
  write(key: string, value: unknown, ttlMs: number): Promise<void>
}

const loadTold = traceLoad.wrap(
  async (key: string, loader: Loader<unknown>, _why: LoadFields['why']) => loader({ key }),
  (key, _loader, why) => ({ ...fieldsOf(key), why }),
  () => undefined,
)

/** Makes the loading half of a guard. */
export function createLoadRunner({ cache, clock }: GuardConfig): LoadRunner {
  let latestLoadMs = 1

  const writeEntry = async (
    key: string,
    value: unknown,
    ttlMs: number,
    loadMs: number,
  ): Promise<void> => {
    await cache.set(key, createEntry(value, clock.now(), ttlMs, loadMs), ttlMs)
  }

  return {
    async run({ key, load: loader, ttlMs }, { fill, previousLoadMs }, load) {
      const startedAtMs = clock.now()
      const value = await (traceLoad.active
        ? loadTold(key, loader, previousLoadMs === undefined ? 'miss' : 'refresh')
        : loader({ key }))
      const loadMs = smoothedLoadMs(clock.now() - startedAtMs, previousLoadMs)
      latestLoadMs = loadMs
      const copies = copiesOf(value)
      // Checked in the step that sends the write: a fence comes before it, or waits for it.
      if (value !== undefined && fill && !load.fenced) {
        load.write = writeEntry(key, value, ttlMs, loadMs).catch((error: unknown) =>
          reportFailure({ verb: 'set', instead: 'return', error }),
        )
        await load.write
      }
      return copies
    },
    // How long this value would take to load is not known: the guard's latest load is the best guess.
    write: (key, value, ttlMs) => writeEntry(key, value, ttlMs, latestLoadMs),
  }
}
