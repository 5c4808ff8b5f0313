import type { Cache } from '../cache.ts'
import { atomicVerbs } from './atomic-verbs.ts'
import { batchVerbs } from './batch-verbs.ts'
import { entryVerbs } from './entry-verbs.ts'
import { expiryVerbs } from './expiry-verbs.ts'
import { patternVerbs } from './pattern-verbs.ts'
import { viewVerbs } from './view-verbs.ts'
import type { View } from './view.ts'

/** The cache that a view is seen as. */
export function createView(view: View): Cache {
  return {
    store: view.store,
    ...entryVerbs(view),
    ...expiryVerbs(view),
    ...batchVerbs(view),
    ...atomicVerbs(view),
    ...patternVerbs(view),
    ...viewVerbs(view, createView),
  }
}
