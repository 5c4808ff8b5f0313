import type { Cache } from '../cache.ts'
import { tracedVerbs } from '../tracing-verbs.ts'
import { atomicVerbs } from './atomic-verbs.ts'
import { batchVerbs } from './batch-verbs.ts'
import { entryVerbs } from './entry-verbs.ts'
import { expiryVerbs } from './expiry-verbs.ts'
import { patternVerbs } from './pattern-verbs.ts'
import { viewVerbs } from './view-verbs.ts'
import type { View } from './view.ts'

/** The cache that a view is seen as. */
export function createView(view: View): Cache {
  const verbs = tracedVerbs(view, {
    entry: entryVerbs(view),
    expiry: expiryVerbs(view),
    atomic: atomicVerbs(view),
    batch: batchVerbs(view),
    pattern: patternVerbs(view),
  })
  return Object.assign(verbs, viewVerbs(view, createView), { store: view.store })
}
