import type { Clock } from '@sluice/core'
import type { Payload } from '@sluice/core/extend'
import type { Stamps } from './entry.ts'
import type { StampState } from './tags.ts'

/** The generations of tags, as this process knows them. */
export interface Generations {
  /** Asks the store, in one batch, for what was not asked for long enough. */
  compare(stamps: Stamps): StampState | Promise<StampState>
  /** The tag was invalidated: what is known of it, or on its way here, may be old. */
  forget(tag: string): void
  forgetAll(): void
}

interface Known {
  /** `undefined` when the store has none. */
  readonly generation: string | undefined
  readonly askedAtMs: number
}

/** How many tags are known at a time. */
const mostKnown = 10_000

/**
 * @param checkMs how long an answer of the store counts
 * @param ask the generations of tags, in their order
 */
export function createGenerations(
  clock: Clock,
  checkMs: number,
  ask: (tags: readonly string[]) => Promise<readonly (Payload | undefined)[]>,
): Generations {
  const known = new Map<string, Known>()
  /** Questions under way, by tag. One that was forgotten meanwhile is not here any more. */
  const asking = new Map<string, Promise<Known>>()

  const askFor = (tags: readonly string[]): void => {
    const askedAtMs = clock.now()
    const answers = ask(tags)
    tags.forEach((tag, at) => {
      const answer = answers.then((found) => ({ generation: found[at]?.toString(), askedAtMs }))
      asking.set(tag, answer)
      void settleAnswer(tag, answer)
    })
  }
  /** What was forgotten meanwhile is not known by an answer from before. */
  const settleAnswer = async (tag: string, answer: Promise<Known>): Promise<void> => {
    const one = await answer.catch(() => undefined)
    if (asking.get(tag) !== answer) return
    asking.delete(tag)
    if (one === undefined) return
    if (known.size >= mostKnown) known.clear()
    known.set(tag, one)
  }

  async function compareAsked(stamps: Stamps, old: readonly string[]): Promise<StampState> {
    // An answer that counts for no time is nobody else's.
    const missing = checkMs === 0 ? old : old.filter((tag) => !asking.has(tag))
    if (missing.length > 0) askFor(missing)
    const answers = Object.keys(stamps).map(async (tag) => {
      const one = await (asking.get(tag) ?? known.get(tag))
      return [tag, one?.generation] as const
    })
    const found = new Map(await Promise.all(answers))
    return worst(stamps, (tag) => found.get(tag))
  }

  return {
    compare(stamps) {
      const nowMs = clock.now()
      const old = Object.keys(stamps).filter((tag) => !isRecent(known.get(tag), nowMs, checkMs))
      if (old.length > 0) return compareAsked(stamps, old)
      return worst(stamps, (tag) => known.get(tag)?.generation)
    },
    forget(tag) {
      known.delete(tag)
      asking.delete(tag)
    },
    forgetAll() {
      known.clear()
      asking.clear()
    },
  }
}

function isRecent(one: Known | undefined, nowMs: number, checkMs: number): boolean {
  return one !== undefined && nowMs - one.askedAtMs < checkMs && nowMs >= one.askedAtMs
}

function worst(stamps: Stamps, generationOf: (tag: string) => string | undefined): StampState {
  let state: StampState = 'current'
  for (const [tag, was] of Object.entries(stamps)) {
    const is = generationOf(tag)
    if (is === was) continue
    if (is === undefined || hardPart(is) !== hardPart(was)) return 'hard'
    state = 'stale'
  }
  return state
}

function hardPart(generation: string): string {
  return generation.slice(0, generation.indexOf('.'))
}
