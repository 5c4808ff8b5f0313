import { checkKey } from './key.ts'
import { checkOptions, checkFunction } from './options.ts'
import type { Store } from './store.ts'

/** How far a walk over keys has come. */
export interface ScanProgress {
  /** About how many keys were looked at, those of others included. */
  readonly scanned: number
  /** How many of them match the pattern. */
  readonly matched: number
  /** How many entries were deleted; 0 in a walk that only reads. */
  readonly deleted: number
}

/** Options of everything that walks over keys. */
export interface ScanOptions {
  /** Ends the walk: it rejects with the signal's reason. What was deleted until then stays deleted. */
  readonly signal?: AbortSignal | undefined
  /** Told after each batch. */
  readonly onProgress?: ((progress: ScanProgress) => void) | undefined
}

/** A walk over the keys of one view that match a pattern. */
export interface KeyWalk {
  /** Keys without the view's base, in batches, as they come. */
  batches(match: string, options: ScanOptions | undefined): AsyncGenerator<readonly string[]>
  /** Deletes what matches and answers how many entries that were. */
  deleteMatching(match: string, options: ScanOptions | undefined): Promise<number>
}

/**
 * Walks by SCAN, never by KEYS, and deletes in batches: no command holds the server up, and a walk over a million keys
 * takes the memory of one batch.
 *
 * @param base what every key of the view begins with; `match` is appended to it with the base taken literally
 */
export function createKeyWalk(store: Store, base: string, literalBase: string): KeyWalk {
  async function* walk(match: string, options: ScanOptions = {}, deletes: boolean) {
    const { signal, onProgress } = options
    let [scanned, matched, deleted] = [0, 0, 0]
    signal?.throwIfAborted()
    for await (const batch of store.scan(literalBase + match)) {
      signal?.throwIfAborted()
      scanned += batch.scanned
      matched += batch.keys.length
      const count = deletes && batch.keys.length > 0 ? await store.delete(batch.keys) : 0
      deleted += count
      onProgress?.({ scanned, matched, deleted })
      yield { keys: batch.keys, deleted: count }
    }
  }
  return {
    async *batches(match, options) {
      checkScan(match, options)
      for await (const { keys } of walk(match, options, false)) {
        if (keys.length > 0) yield keys.map((key) => key.slice(base.length))
      }
    },
    async deleteMatching(match, options) {
      checkScan(match, options)
      let total = 0
      for await (const { deleted } of walk(match, options, true)) total += deleted
      return total
    },
  }
}

function checkScan(match: string, options: ScanOptions = {}): void {
  checkKey(match, 'pattern')
  checkOptions('scan', options, ['signal', 'onProgress'])
  checkFunction(options.onProgress, 'onProgress')
}
