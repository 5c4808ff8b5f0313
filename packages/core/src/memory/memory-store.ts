import { systemClock, type Clock } from '../clock.ts'
import { StoreClosedError } from '../errors.ts'
import { checkOptions, integerOption } from '../options.ts'
import type { Store } from '../store.ts'
import { createMemoryChannels } from './channels.ts'
import { createEntries } from './entries.ts'
import { memoryVerbs } from './memory-verbs.ts'
import { startSweeper } from './sweeper.ts'

/** Options of `memoryStore`. */
export interface MemoryStoreOptions {
  /** How many cached entries are kept; the least recently used make room. Default 10 000. */
  readonly maxEntries?: number | undefined
  /** How many bytes the cached entries may take, keys included, two a character. Default: no bound but `maxEntries`. */
  readonly maxBytes?: number | undefined
  /**
   * How many keys operations may keep (sessions, locks, limits). They are never evicted: at the bound a call for something new
   * is refused with `StoreFullError`; what has a key already may add the others that it needs. Default 1 000 000.
   */
  readonly maxState?: number | undefined
  /** Where the time comes from. Default: the system clock. Tests pass `manualClock()`. */
  readonly clock?: Clock | undefined
}

/**
 * A store in this process's memory: for tests, development and single-process services. Nothing is shared with other
 * processes and nothing survives a restart. Its sweep timer does not keep the process alive.
 *
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  checkOptions('memoryStore', options, ['maxEntries', 'maxBytes', 'maxState', 'clock'])
  const clock = options.clock ?? systemClock
  const maxState = integerOption(options.maxState, 'maxState', 1_000_000)
  const entries = createEntries({
    maxEntries: integerOption(options.maxEntries, 'maxEntries', 10_000),
    maxBytes:
      options.maxBytes === undefined ? undefined : integerOption(options.maxBytes, 'maxBytes', 1),
  })
  const sweeper = startSweeper(entries, clock)
  const channels = createMemoryChannels()
  let closed = false

  const close = async (): Promise<void> => {
    closed = true
    sweeper.stop()
    channels.close()
    entries.clear()
  }
  /** Every call starts here: refused after close, and at one moment of the clock. */
  const begin = (): number => {
    if (closed) throw new StoreClosedError()
    return clock.now()
  }

  return {
    kind: 'memory',
    shared: false,
    ...memoryVerbs({ entries, maxState, publish: channels.publish, begin }),
    subscribe: channels.subscribe,
    usage: (base) => entries.usage(base),
    async ping() {
      begin()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
