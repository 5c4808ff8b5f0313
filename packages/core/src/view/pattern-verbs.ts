import type { Cache } from '../cache.ts'
import { escapeGlob } from '../glob.ts'
import { createKeyWalk } from '../key-walk.ts'
import { baseOf, type View } from './view.ts'

type PatternVerbs = Pick<
  Cache,
  'keys' | 'keysMatching' | 'countMatching' | 'deleteMatching' | 'clear'
>

/** All entries of the view that match. */
export function patternVerbs(view: View): PatternVerbs {
  const base = baseOf(view)
  const walk = createKeyWalk(view.store, base, escapeGlob(base))
  const deleteMatching: Cache['deleteMatching'] = async (pattern, options) => {
    const deleted = await walk.deleteMatching(pattern, options)
    view.counters?.add('deletes', deleted)
    return deleted
  }
  return {
    async *keys(pattern = '*', options) {
      for await (const batch of walk.batches(pattern, options)) yield* batch
    },
    async keysMatching(pattern, options) {
      const found = new Set<string>()
      for await (const batch of walk.batches(pattern, options))
        for (const key of batch) found.add(key)
      return [...found]
    },
    async countMatching(pattern, options) {
      let count = 0
      for await (const batch of walk.batches(pattern, options)) count += batch.length
      return count
    },
    deleteMatching,
    clear: (options) => deleteMatching('*', options),
  }
}
