import type { Cache } from '@sluice/core'
import type { KeyStates, PolicyState } from '../operations/policy-states.ts'
import type { Rule } from '../policy.ts'

/** Where a limiter keeps what it knows of a key: a block, and a state for each policy, all in one Cluster slot. */
export interface LimiterKeys {
  of(key: string, rules: readonly Rule[]): KeyStates
  /** What its keys end with, behind the name of the key. */
  endings(rules: readonly Rule[]): readonly string[]
}

/** @param name of the limiter; no name begins with a '!', so no policy's state can be taken for a block */
export function createLimiterKeys(cache: Cache, name: string): LimiterKeys {
  const blockEnding = `:${name}!`
  return {
    of(key, rules) {
      const base = cache.stateKey('limit', key)
      const policies: PolicyState[] = []
      for (const { slot, algorithm, numbers } of rules) {
        policies.push({ key: `${base}:${slot}`, algorithm, numbers })
      }
      return { blockKey: base + blockEnding, policies }
    },
    endings: (rules) => [blockEnding, ...rules.map(({ slot }) => `:${slot}`)],
  }
}
