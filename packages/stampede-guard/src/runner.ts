import { copiesOf, type Copies } from './copies.ts'
import { absorbed } from './failures.ts'
import { createFiller } from './filler.ts'
import type { Flights } from './flights.ts'
import type { Load } from './loads.ts'
import { staleFor } from './freshness.ts'
import type { Claim, Claimant, Keeper } from './keepers.ts'
import type { Ask, LoadOptions } from './loader.ts'
import type { GuardConfig } from './options.ts'
import type { Policy } from './policy.ts'
import type { Tags } from './tags.ts'
import type { Waits } from './waits.ts'

/** Loads values and writes them. */
export interface LoadRunner {
  /** `undefined` when another process loads, or has failed to, and there is a value to serve meanwhile. */
  run(ask: Ask, options: LoadOptions, load: Load): Promise<Copies | undefined>
  /** Writes an entry by hand. */
  write(key: string, value: unknown, policy: Policy): Promise<void>
}

/** What a runner works with. */
export interface RunnerParts {
  readonly config: GuardConfig
  readonly flights: Flights
  readonly keeper: Keeper
  readonly tags: Tags
  readonly waits: Waits
}

const smallestLeaseMs = 2000

/** Makes the loading half of a guard. */
export function createLoadRunner(parts: RunnerParts): LoadRunner {
  const { keeper, tags, waits } = parts
  const { clock } = parts.config
  const filler = createFiller(parts)

  const claim = (
    { key, policy }: Ask,
    asked: Pick<Claimant, 'over' | 'alone' | 'canFail'>,
  ): Promise<Claim> => {
    const loadMs = asked.over?.loadMs ?? filler.latestLoadMs()
    const leaseMs = policy.leaseMs ?? Math.max(smallestLeaseMs, 2 * loadMs)
    return keeper.claim({ key, policy, leaseMs, ...asked })
  }
  async function run(ask: Ask, options: LoadOptions, load: Load): Promise<Copies | undefined> {
    let { over, previous } = options
    let alone = false
    for (let attempt = 0; options.fill; attempt++) {
      const { canFail } = options
      const claimed = await absorbed('get', claim(ask, { over, alone, canFail }))
      if (claimed === undefined) break
      if (claimed.kind === 'hold') {
        return filler.loadInto(claimed.hold, ask, { ...options, over, previous }, load)
      }
      if (claimed.kind === 'entry') {
        over = claimed.entry
        const staleMs = await staleFor(over, ask.policy, tags, clock.now())
        if (staleMs < Math.max(0, ask.policy.staleWhileRevalidateMs)) return copiesOf(over.value)
        previous = staleMs === Number.POSITIVE_INFINITY ? undefined : over
        continue
      }
      if (options.background) {
        options.onElsewhere?.(claimed.remainingMs)
        return undefined
      }
      const woken =
        claimed.kind === 'failed'
          ? claimed.kind
          : await waits.next(ask.key, claimed.remainingMs, attempt)
      if (woken !== 'failed') continue
      if (canFail) return undefined
      // Whoever waits again after a failure stands in a line of failures.
      alone = true
    }
    return (await filler.load(ask, options, load)).copies
  }

  return { run, write: (key, value, policy) => filler.write(key, value, policy) }
}
