import type { Copies } from './copies.ts'
import { createEntryWriter } from './entry-writer.ts'
import { absorbed } from './failures.ts'
import type { Flights } from './flights.ts'
import type { Hold } from './keepers.ts'
import { callLoader, type Ask, type Loaded, type LoadOptions } from './loader.ts'
import type { Load } from './loads.ts'
import type { GuardConfig } from './options.ts'
import { keptMs, type Policy } from './policy.ts'
import type { Tags } from './tags.ts'

/** Calls loaders, and writes what they bring. */
export interface Filler {
  /** Loads, and writes what comes unless something has overtaken it. */
  loadInto(hold: Hold, ask: Ask, options: LoadOptions, load: Load): Promise<Copies>
  /** Loads, and writes nothing. */
  load(ask: Ask, options: LoadOptions, load: Load): Promise<Loaded>
  /** Writes an entry by hand. */
  write(key: string, value: unknown, policy: Policy): Promise<void>
  /** How long the latest load took. */
  latestLoadMs(): number
}

/** What a filler works with. */
export interface FillerParts {
  readonly config: GuardConfig
  readonly flights: Flights
  readonly tags: Tags
}

/** Makes the writing half of a guard. */
export function createFiller({ config, flights, tags }: FillerParts): Filler {
  const writer = createEntryWriter(config, flights, tags)
  let latestLoadMs = 1

  const load = async (ask: Ask, options: LoadOptions, own: Load): Promise<Loaded> => {
    const loaded = await callLoader(ask, options, own, config.clock)
    latestLoadMs = loaded.loadMs
    return loaded
  }
  /** What a loader brings, and where to write it: with stamps from before its call. */
  const loadStamped = async (ask: Ask, options: LoadOptions, own: Load) => {
    const known = [...ask.policy.tags, ...Object.keys(options.previous?.tags ?? {})]
    const lifeMs = keptMs(ask.policy, ask.policy.ttlMs)
    const session = await absorbed('get', tags.begin([...new Set(known)], lifeMs))
    const loaded = await load(ask, options, own)
    const made = session && (await absorbed('set', writer.entryOf(ask, loaded, session, own)))
    return { copies: loaded.copies, made }
  }

  return {
    load,
    async loadInto(hold, ask, options, own) {
      let stamped
      try {
        stamped = await loadStamped(ask, options, own)
      } catch (error) {
        await absorbed('set', hold.end('failed'))
        throw error
      }
      const { copies, made } = stamped
      // Checked in the step that sends the write: a fence comes before it, or waits for it.
      if (made === undefined || own.fenced) await absorbed('set', hold.end('none'))
      else {
        own.write = absorbed('set', hold.fill(made.entry, made.ttlMs))
        await own.write
      }
      return copies
    },
    // How long this value would take to load is not known: the guard's latest load is the best guess.
    write: (key, value, policy) => writer.write(key, value, policy, latestLoadMs),
    latestLoadMs: () => latestLoadMs,
  }
}
