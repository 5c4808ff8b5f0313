import { randomBytes } from 'node:crypto'
import type { Cache } from '@sluice/core'
import type { Stamp } from './record.ts'

/**
 * The generation of each tag: what was made under one that is not current any more is not used. Nobody's wall clock decides:
 * a count that grows with each invalidation tells what came first.
 *
 * A generation that is lost, to eviction or to its ttl, makes what was stamped with it unusable, never usable again.
 */
export interface Generations {
  /** The generation of a tag; `undefined` where there is none, which matches no stamp. */
  current(name: string): Promise<string | undefined>
  /** A mark in the order of invalidations, to be had before the handler runs. */
  mark(): Promise<number>
  /** The stamps of what was made since a mark; `undefined` when one of the tags was invalidated meanwhile. */
  stamp(names: readonly string[], since: number): Promise<readonly Stamp[] | undefined>
  /** Makes unusable all that was made under these tags, and all that is being made. */
  invalidate(names: readonly string[]): Promise<void>
}

const countKey = 'invalidations'

/** Much longer than any handler runs, and than most responses live. Those that live longer are kept up by being written. */
const ttl = '7d'

/** The generations in a cache. */
export function createGenerations(cache: Cache): Generations {
  const current = (name: string): Promise<string | undefined> => cache.get<string>(name)

  /** Starts anew from the time, which a count of invalidations does not overtake: what was before counts as before. */
  const startCount = (): Promise<boolean> => cache.setIfAbsent(countKey, Date.now(), ttl)

  const mark = async (): Promise<number> => {
    const count = await cache.get<number>(countKey)
    if (count !== undefined) return count
    await startCount()
    return (await cache.get<number>(countKey)) ?? Number.NaN
  }

  const generationSince = async (name: string, since: number): Promise<string | undefined> => {
    const found = (await current(name)) ?? (await start(name, since))
    return found !== undefined && orderOf(found) <= since ? found : undefined
  }
  const start = async (name: string, since: number): Promise<string | undefined> => {
    const generation = newGeneration(since)
    return (await cache.setIfAbsent(name, generation, ttl)) ? generation : current(name)
  }

  return {
    current,
    mark,
    async stamp(names, since) {
      const [count, ...generations] = await Promise.all([
        cache.get<number>(countKey),
        ...names.map((name) => generationSince(name, since)),
      ])
      // A count that is gone or has gone back may have forgotten an invalidation.
      if (count === undefined || !(count >= since)) return undefined
      const stamps = names.flatMap((name, at): Stamp[] => {
        const generation = generations[at]
        return generation === undefined ? [] : [[name, generation]]
      })
      if (stamps.length < names.length) return undefined
      await Promise.all(names.map((name) => cache.expire(name, ttl)))
      return stamps
    },
    async invalidate(names) {
      await startCount()
      const generation = newGeneration(await cache.increment(countKey, 1, { ttl }))
      await Promise.all(names.map((name) => cache.set(name, generation, ttl)))
    },
  }
}

/** Where it stands in the order, and what no other has. */
function newGeneration(order: number): string {
  return `${order}.${randomBytes(6).toString('base64url')}`
}

function orderOf(generation: string): number {
  return Number(generation.split('.', 1)[0])
}
