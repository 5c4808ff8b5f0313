import type { Cache, Duration } from '@sluice/core'
import {
  checkOptions,
  durationMs,
  integerOption,
  taggedJson,
  wrongOption,
} from '@sluice/core/extend'
import { fencedRead } from './operations/fenced-read.ts'
import { fencedWrite } from './operations/fenced-write.ts'

/** Options of `fencedSet`. */
export interface FencedSetOptions {
  /** The fence of the lock that the writer holds: `lock.fence`. */
  readonly fence: number
  /**
   * How long the value and the check live, counted from the last write. Longer than a holder may have been paused: what
   * has expired refuses nobody.
   */
  readonly ttl: Duration
}

/**
 * Writes a value that only the latest holder of a lock may change: a write with a smaller fence than one that came before
 * is refused, however late its sender was paused or its packet delayed. Check and write are one atomic step. Such values
 * have names of their own, apart from the cache's entries.
 *
 * @returns false when a later holder has written
 * @throws KeyError, OptionError, ValueError, StoreUnavailableError
 * @example
 * await locks.run('balance:7', async (lock) => {
 *   const next = (await fencedGet<number>(cache, 'balance:7')) ?? 0
 *   const wrote = await fencedSet(cache, 'balance:7', next + 1, { fence: lock.fence, ttl: '7d' })
 *   if (!wrote) throw new Error('another holder has taken over')
 * })
 */
export async function fencedSet(
  cache: Cache,
  name: string,
  value: unknown,
  options: FencedSetOptions,
): Promise<boolean> {
  checkOptions('fencedSet', options, ['fence', 'ttl'])
  const { fence, ttl } = options
  if (fence === undefined) throw wrongOption('fence', 'the fence of a lock', fence)
  return cache.store.run(fencedWrite, {
    key: cache.stateKey('fenced', name),
    fence: integerOption(fence, 'fence', 1),
    text: taggedJson.encode(value),
    ttlMs: durationMs(ttl, 'ttl'),
  })
}

/**
 * Reads what `fencedSet` wrote last; `undefined` when there is nothing, or it has expired.
 *
 * @throws KeyError, StoreUnavailableError
 */
export async function fencedGet<Value = unknown>(
  cache: Cache,
  name: string,
): Promise<Value | undefined> {
  const text = await cache.store.run(fencedRead, { key: cache.stateKey('fenced', name) })
  return text === undefined ? undefined : (taggedJson.decode(text) as Value)
}
