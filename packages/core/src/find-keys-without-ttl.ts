import type { Cache } from './cache.ts'
import { checkFunction, checkOptions, wrongOption } from './options.ts'
import { untraced } from './tracing.ts'

/** How far the search has come. */
export interface KeysWithoutTtlProgress {
  /** About how many keys were looked at, those of others included. */
  readonly scanned: number
  /** Keys whose ttl was asked for. */
  readonly checked: number
  /** Those that have none. */
  readonly found: number
}

/** Options of `findKeysWithoutTtl`. */
export interface KeysWithoutTtlOptions {
  /** A Redis glob. Default `'*'`, all keys of the cache. */
  readonly pattern?: string | undefined
  /** Ends the search: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Told after each batch. */
  readonly onProgress?: ((progress: KeysWithoutTtlProgress) => void) | undefined
}

const batchSize = 250

/**
 * The keys of a cache, or of a view of one, that never expire: where its memory goes when nobody meant them to stay. It
 * walks by SCAN, on every master of a Cluster, and asks for ttls in batches, so it holds no server up and takes the memory of
 * one batch. A key may come twice while Redis resizes.
 *
 * @example
 * for await (const key of findKeysWithoutTtl(cache, { pattern: 'user:*' })) await cache.expire(key, '1d')
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function findKeysWithoutTtl(
  cache: Cache,
  options: KeysWithoutTtlOptions = {},
): AsyncIterable<string> {
  checkOptions('findKeysWithoutTtl', options, ['pattern', 'signal', 'onProgress'])
  checkFunction(options.onProgress, 'onProgress')
  if (typeof cache?.keys !== 'function')
    throw wrongOption('cache', 'a cache, such as createCache()', cache)
  return search(cache, options)
}

async function* search(
  cache: Cache,
  { pattern = '*', signal, onProgress }: KeysWithoutTtlOptions,
): AsyncGenerator<string, void, undefined> {
  let [scanned, checked, found] = [0, 0, 0]
  const keys = cache.keys(pattern, {
    ...(signal && { signal }),
    onProgress: (walk) => (scanned = walk.scanned),
  })
  for await (const batch of inBatches(keys)) {
    const forever = await keysWithoutTtl(cache, batch)
    signal?.throwIfAborted()
    checked += batch.length
    found += forever.length
    onProgress?.({ scanned, checked, found })
    yield* forever
  }
}

async function keysWithoutTtl(cache: Cache, keys: readonly string[]): Promise<readonly string[]> {
  // The search is told of as one walk over keys, not as a thousand questions.
  const ttls = await Promise.all(keys.map((key) => untraced(() => cache.ttl(key))))
  return keys.filter((_, at) => ttls[at] === Number.POSITIVE_INFINITY)
}

async function* inBatches(
  keys: AsyncIterable<string>,
): AsyncGenerator<readonly string[], void, undefined> {
  let batch: string[] = []
  for await (const key of keys) {
    batch.push(key)
    if (batch.length < batchSize) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
