import type { Payload } from '../payload.ts'
import type { Store } from '../store.ts'
import { createNearEntries } from './near-entries.ts'
import { nearReads, type NearCounts } from './near-reads.ts'
import { nearSourceOf, parseNearOptions, type NearStoreOptions } from './options.ts'
import { createWatches } from './watches.ts'

/** What a near store did since it was made. */
export interface NearStats {
  /** Reads that cost no round trip. */
  readonly hits: number
  /** Reads that asked the store. */
  readonly misses: number
  /** Writes that were told, by whomever they were done. */
  readonly invalidations: number
  /** Entries in process. */
  readonly entries: number
  /** True while every watched prefix may be served from memory: its links are up and have answered in time. */
  readonly serving: boolean
}

/** A store with hot entries in process. */
export interface NearStore extends Store {
  /** Counts, and whether memory serves. Asks no server. */
  nearStats(): NearStats
}

/**
 * Keeps cached entries that are read in this process, and reads them there until someone writes them: Redis tells of every
 * write, expiry, eviction and flush, whoever did it. Everything but reads of cached entries passes through; a write through
 * this store shows in its next read. Sessions, locks and counts are never kept.
 *
 * A read answers what the store held at most `maxStale` before, whatever breaks: usually one network hop, and that bound
 * where a link falls silent. While a link is down, and until it listens again, reads ask the store; so does a read of a
 * value that was overtaken by a write on its way here. No entry is kept longer than `ttl`, which is the bound for what a
 * source does not tell: `SWAPDB`, and with `'pubsub'` all but the writes of other near stores.
 *
 * Takes one more connection to each master and prefix, opened after the first read, for the first 8 prefixes. `close()`
 * ends them and closes the store.
 *
 * @example
 * const cache = createCache({ store: nearStore(redisStore({ url: process.env.REDIS_URL })), prefix: 'shop' })
 * @throws OptionError for a store that cannot tell of writes, and for wrong options
 */
export function nearStore(store: Store, options: NearStoreOptions = {}): NearStore {
  const source = nearSourceOf(store)
  const config = parseNearOptions(options)
  const entries = createNearEntries(config)
  const counts: NearCounts = { hits: 0, misses: 0, invalidations: 0 }
  const watches = createWatches(source, config, {
    onWrite(keys) {
      counts.invalidations += keys.length
      keys.forEach(entries.drop)
    },
    onDoubt: entries.dropAll,
  })

  /** Dropped before, so that nobody is served what is being replaced, and after, so that no read from before is kept. */
  const write = async <Result>(
    keys: readonly string[],
    send: () => Promise<Result>,
  ): Promise<Result> => {
    keys.forEach(entries.drop)
    try {
      return await send()
    } finally {
      keys.forEach(entries.drop)
      watches.tell(keys)
    }
  }
  const close = async (): Promise<void> => {
    watches.close()
    entries.dropAll()
    await store.close()
  }
  return {
    kind: 'near',
    shared: store.shared,
    ...nearReads({ store, source, entries, watches, counts }),
    set: (key, payload, how) => write([key], () => store.set(key, payload, how)),
    setMany: (pairs, ttlMs) => write(pairs.map(first), () => store.setMany(pairs, ttlMs)),
    delete: (keys) => write(keys, () => store.delete(keys)),
    run(operation, args, how) {
      const run = () => store.run(operation, args, how)
      return operation.readOnly ? run() : write(operation.keys(args), run)
    },
    scan: (match) => store.scan(match),
    subscribe: (channel, listener) => store.subscribe(channel, listener),
    usage: (base) => store.usage(base),
    ping: () => store.ping(),
    nearStats: () => ({ ...counts, entries: entries.size(), serving: watches.areListening() }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function first([key]: readonly [key: string, payload: Payload]): string {
  return key
}
