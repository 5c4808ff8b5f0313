import type { Copies } from './copies.ts'

/** One load under way, for callers who wait or in the background. */
export interface Load {
  /** What was loaded, when it is written; `undefined` when it is left to another process. */
  readonly copies: Promise<Copies | undefined>
  /** Aborts the signal of the loader. */
  readonly controller: AbortController
  /** What the value depends on, as far as is known. */
  tags: readonly string[]
  /** Calls that wait for it. */
  waiting: number
  /** True once a delete or a set has overtaken the load: what it brings must not be written. */
  fenced: boolean
  /** When the first invalidation came that the load had to know of, by the count of invalidations. */
  overtakenAt: number | undefined
  /** The write under way, which never rejects. */
  write: Promise<void> | undefined
}

/** Tags that were invalidated together, and by which invalidation. */
export interface Invalidation {
  readonly at: number
  readonly tags: readonly string[]
}

/** The loads under way in one store, by id. */
export interface Loads {
  /** The one that may be joined. */
  at(id: string): Load | undefined
  /** Registers a load until it settles. `run` starts after that. */
  start(id: string, tags: readonly string[], run: (load: Load) => Promise<Copies | undefined>): Load
  leave(id: string, load: Load): void
  /** Resolves when nothing is being written any more by the one that is fenced. */
  fenceAt(id: string): Promise<void>
  /** As `fenceAt`, for all that are meant. */
  fence(isMeant: (id: string, load: Load) => boolean): Promise<void>
  /** Tells the loads of an invalidation: one that learns of its tags later is fenced then. */
  hear(scope: string, invalidation: Invalidation): void
  addTags(load: Load, tags: readonly string[]): void
}

/** Makes room for loads. */
export function createLoads(): Loads {
  const loads = new Map<string, Load>()
  /** What was invalidated since a load began, and does not concern it as far as is known. */
  const missed = new Map<Load, { readonly id: string; readonly heard: Invalidation[] }>()

  const leave = (id: string, load: Load): void => {
    if (loads.get(id) === load) loads.delete(id)
  }
  const fence = async (id: string, load: Load): Promise<void> => {
    load.fenced = true
    leave(id, load)
    await load.write
  }
  return {
    at: (id) => loads.get(id),
    start(id, tags, run) {
      const load: Load = {
        copies: Promise.resolve()
          .then(() => run(load))
          .finally(() => {
            leave(id, load)
            missed.delete(load)
          }),
        controller: new AbortController(),
        ...{ tags, waiting: 0, fenced: false, overtakenAt: undefined, write: undefined },
      }
      loads.set(id, load)
      missed.set(load, { id, heard: [] })
      return load
    },
    leave,
    async fenceAt(id) {
      const load = loads.get(id)
      if (load !== undefined) await fence(id, load)
    },
    async fence(isMeant) {
      const meant = [...loads].filter(([id, load]) => isMeant(id, load))
      await Promise.all(meant.map(([id, load]) => fence(id, load)))
    },
    hear(scope, { at, tags }) {
      for (const [load, { id, heard }] of missed) {
        if (!id.startsWith(scope)) continue
        if (load.tags.some((tag) => tags.includes(tag))) load.overtakenAt ??= at
        else heard.push({ at, tags })
      }
    },
    addTags(load, tags) {
      load.tags = [...load.tags, ...tags]
      const late = missed.get(load)?.heard.find((one) => one.tags.some((tag) => tags.includes(tag)))
      if (late === undefined) return
      load.fenced = true
      load.overtakenAt ??= late.at
    },
  }
}
