import type { Kept } from './archive.ts'
import type { Selection } from './vary.ts'

/** What came of a handler's run, for those who wait for it. */
export type Outcome =
  | { readonly kind: 'kept'; readonly kept: Kept }
  /** It cannot be given to others: each runs the handler for itself. */
  | { readonly kind: 'uncacheable' }
  /** The handler failed, its client went away, or an invalidation overtook it. Somebody else may try, or take the cover. */
  | { readonly kind: 'failed'; readonly cover?: Kept }

/** One run of a handler for which others may wait. */
export interface Run {
  /** The headers that are known to tell variants apart, and what the request said in them. */
  readonly vary: readonly string[]
  readonly selection: Selection
  readonly outcome: Promise<Outcome>
  followers: number
  /** Ends the run; only the first end counts. */
  end(outcome: Outcome): void
}

/** The runs under way in this process, by the key of their URL. */
export interface Runs {
  of(key: string): readonly Run[]
  start(key: string, vary: readonly string[], selection: Selection): Run
}

const none: readonly Run[] = []

/** No run at first. */
export function createRuns(): Runs {
  const byKey = new Map<string, readonly Run[]>()
  const remove = (key: string, run: Run): void => {
    const others = byKey.get(key)?.filter((one) => one !== run) ?? none
    if (others.length === 0) byKey.delete(key)
    else byKey.set(key, others)
  }
  return {
    of: (key) => byKey.get(key) ?? none,
    start(key, vary, selection) {
      let resolve: (outcome: Outcome) => void = () => undefined
      const outcome = new Promise<Outcome>((settle) => (resolve = settle))
      const run: Run = {
        vary,
        selection,
        outcome,
        followers: 0,
        end(settled) {
          remove(key, run)
          resolve(settled)
        },
      }
      byKey.set(key, [...(byKey.get(key) ?? none), run])
      return run
    },
  }
}

/** What comes of a run, or `undefined` when it takes too long. */
export async function outcomeWithin(run: Run, ms: number): Promise<Outcome | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  run.followers++
  try {
    return await Promise.race([run.outcome, late])
  } finally {
    run.followers--
    clearTimeout(timer)
  }
}
