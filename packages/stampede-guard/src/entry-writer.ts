import { createEntry, type Entry } from './entry.ts'
import type { Flights } from './flights.ts'
import type { Load } from './loads.ts'
import type { Ask, Loaded } from './loader.ts'
import type { GuardConfig } from './options.ts'
import { keptMs, type Policy } from './policy.ts'
import type { Tags, TagSession } from './tags.ts'

/** An entry, and how long it is kept. */
export interface Made {
  readonly entry: Entry
  readonly ttlMs: number
}

/** Makes entries of values. */
export interface EntryWriter {
  /** What is to be written of a load, if anything is. */
  entryOf(ask: Ask, loaded: Loaded, session: TagSession, load: Load): Promise<Made | undefined>
  /** Writes an entry by hand. */
  write(key: string, value: unknown, policy: Policy, loadMs: number): Promise<void>
}

/** Makes a writer. */
export function createEntryWriter(
  { cache, clock, random }: GuardConfig,
  flights: Flights,
  tags: Tags,
): EntryWriter {
  const ttlOf = (value: unknown, given: number | undefined, policy: Policy): number => {
    const ttlMs = given ?? (value === null ? policy.negativeTtlMs : undefined) ?? policy.ttlMs
    return Math.max(1, Math.round(ttlMs * (1 - policy.jitter * random())))
  }
  return {
    async entryOf({ policy }, { value, said, loadMs }, session, load) {
      if (value === undefined || said.skip) return undefined
      if (said.tags !== undefined) flights.addTags(load, said.tags)
      const ttlMs = ttlOf(value, said.ttlMs, policy)
      const lifeMs = keptMs(policy, ttlMs)
      const stamps = await session.finish(said.tags ?? policy.tags, lifeMs)
      if (stamps === undefined) return undefined
      const entry = createEntry({ value, nowMs: clock.now(), ttlMs, loadMs, tags: stamps })
      return { entry, ttlMs: lifeMs }
    },
    async write(key, value, policy, loadMs) {
      const ttlMs = ttlOf(value, undefined, policy)
      const lifeMs = keptMs(policy, ttlMs)
      const session = policy.tags.length === 0 ? undefined : await tags.begin(policy.tags, lifeMs)
      const stamps = await session?.finish(policy.tags, lifeMs)
      const entry = createEntry({ value, nowMs: clock.now(), ttlMs, loadMs, tags: stamps })
      await cache.set(key, entry, lifeMs)
    },
  }
}
