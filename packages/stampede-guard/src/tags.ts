import { randomInt } from 'node:crypto'
import type { Cache, Clock, Store } from '@sluice/core'
import type { Stamps } from './entry.ts'
import type { GuardConfig } from './options.ts'
import { messageOf, type MessageListener, type Messages } from './messages.ts'
import { bump, stamp } from './operations/tags.ts'
import { createGenerations } from './generations.ts'

/** How a tag is invalidated: its values are gone, or stale. */
export type InvalidateMode = 'hard' | 'stale'

/** Whether what was stamped has been invalidated since. */
export type StampState = 'current' | InvalidateMode

/** What a load holds on to until its value is written. */
export interface TagSession {
  /**
   * The stamps of the entry, which lives for `lifeMs`. Tags that were not known when the load began are stamped now;
   * `undefined` when they may have been invalidated meanwhile.
   */
  finish(tags: readonly string[], lifeMs: number): Promise<Stamps | undefined>
}

/** The tags of one view of the cache. */
export interface Tags {
  /** Before the loader runs: what is invalidated from now on shows in the stamps. */
  begin(tags: readonly string[], lifeMs: number): Promise<TagSession>
  /** At once where the generations are known well enough. */
  stateOf(stamps: Stamps): StampState | Promise<StampState>
  invalidate(tags: readonly string[], mode: InvalidateMode): Promise<void>
}

/** How long a load may take before its stamps may be lost, and its entry with them. */
const longestLoadMs = 60 * 60 * 1000
/** Outlives every load. */
const anyTagLifeMs = 24 * 60 * 60 * 1000

/**
 * Tags by generation: each is a counter in the store, and an entry carries the counts from before its load. No clock is
 * asked, and a tag that is gone from the store invalidates what carries it.
 */
export function createTags(config: GuardConfig, messages: Messages): Tags {
  const { cache } = config
  const { store } = cache
  const clock: Clock = config.clock
  const keys = tagKeys(cache)
  const { keyOf, anyKey } = keys
  // Another guard of this process may invalidate: in memory nothing stands between it and the truth.
  const checkMs = store.shared ? config.tagCheckMs : 0
  const generations = createGenerations(clock, checkMs, (tags) => store.getMany(tags.map(keyOf)))
  const listener: MessageListener = {
    onMessage: (_kind, tag) => generations.forget(tag),
    onGap: () => generations.forgetAll(),
  }

  const listen = (): void => {
    if (store.shared) messages.listen(listener)
  }
  return {
    begin(tags, lifeMs) {
      if (tags.length > 0) listen()
      return beginSession(keys, clock, tags, lifeMs)
    },
    stateOf(stamps) {
      listen()
      return generations.compare(stamps)
    },
    async invalidate(tags, mode) {
      const { channel } = messages
      const seed = newSeed()
      await store.run(bump, {
        ...{ key: anyKey, mode, seed, lifeMs: anyTagLifeMs, create: true, channel, message: '' },
      })
      const bumped = tags.map((tag) =>
        store.run(bump, {
          ...{ key: keyOf(tag), mode, seed, lifeMs: anyTagLifeMs, create: false, channel },
          message: messageOf('tag', tag),
        }),
      )
      try {
        await Promise.all(bumped)
      } finally {
        tags.forEach(generations.forget)
      }
    },
  }
}

/** Where the generations are. */
interface TagKeys {
  readonly store: Store
  keyOf(tag: string): string
  /** Changed by every invalidation of any tag. */
  readonly anyKey: string
}

function tagKeys(cache: Cache): TagKeys {
  const keyOf = (tag: string): string => cache.stateKey('guard-tag', tag)
  return { store: cache.store, keyOf, anyKey: cache.stateKey('guard-tags', 'any') }
}

async function beginSession(
  keys: TagKeys,
  clock: Clock,
  tags: readonly string[],
  lifeMs: number,
): Promise<TagSession> {
  // Longer than the entries, as they live from the end of the load: mostly nothing needs to be asked again then.
  const coveredMs = 2 * lifeMs + longestLoadMs
  const coveredUntilMs = clock.now() + coveredMs
  const [stamps, before] = await Promise.all([stampAll(keys, tags, coveredMs), anyGeneration(keys)])
  return {
    async finish(wanted, entryLifeMs) {
      const known = wanted.filter((tag) => stamps[tag] !== undefined)
      const late = wanted.filter((tag) => stamps[tag] === undefined)
      const renewed = clock.now() + entryLifeMs > coveredUntilMs ? known : []
      if (late.length + renewed.length === 0) return pick(stamps, known)
      const added = await stampAll(keys, [...late, ...renewed], 2 * entryLifeMs)
      // After the stamps: whoever raised one of them in time has raised this one before.
      if (late.length > 0 && (await anyGeneration(keys)) !== before) return undefined
      return { ...pick(added, late), ...pick(stamps, known) }
    },
  }
}

async function stampAll(
  { store, keyOf }: TagKeys,
  tags: readonly string[],
  lifeMs: number,
): Promise<Stamps> {
  const stamped = tags.map(async (tag) => {
    const generation = await store.run(stamp, { key: keyOf(tag), seed: newSeed(), lifeMs })
    return [tag, generation] as const
  })
  return Object.fromEntries(await Promise.all(stamped))
}

async function anyGeneration({ store, anyKey }: TagKeys): Promise<string> {
  return (await store.get(anyKey))?.toString() ?? 'none'
}

/** A number that no tag has had, so that one that was lost does not come back as it was. */
function newSeed(): number {
  return randomInt(2 ** 47)
}

function pick(stamps: Stamps, tags: readonly string[]): Stamps {
  return Object.fromEntries(tags.map((tag) => [tag, stamps[tag] ?? '']))
}
