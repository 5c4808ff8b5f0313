import type { Store } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { readWithTtl } from '../src/operations/near.ts'
import type { WatchOptions } from '../src/near-source.ts'

/** A store whose invalidations a test sends by hand, and whose replies it may hold back. */
export interface ToldStore extends Store {
  readonly watched: WatchOptions[]
  /** How long ago the last proof of coherence was; `Infinity` for a link that is down. */
  provenAgoMs: number
  /** From now on replies of reads, already made, wait for the function that this answers. */
  holdReplies(): () => void
  /** How many reads with a ttl were asked for. */
  reads: number
  readonly told: string[]
}

/** A memory store that tells of writes when the test does. */
export function toldStore(): ToldStore {
  const store = memoryStore()
  let held: Promise<void> = Promise.resolve()
  const told: ToldStore = {
    ...store,
    watched: [],
    told: [],
    provenAgoMs: 0,
    reads: 0,
    holdReplies() {
      let release = (): void => undefined
      held = new Promise((resolve) => (release = resolve))
      return release
    },
    near: {
      async read(keys) {
        told.reads++
        const reply = await store.run(readWithTtl, { keys })
        await held
        return reply
      },
      watch(options) {
        told.watched.push(options)
        return {
          coherentAtMs: () => performance.now() - told.provenAgoMs,
          close: () => void told.watched.splice(told.watched.indexOf(options), 1),
        }
      },
      tell: async (_base, keys) => void told.told.push(...keys),
    },
  }
  return told
}
