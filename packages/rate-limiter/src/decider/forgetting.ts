import type { Store } from '@sluice/core'
import { escapeGlob } from '@sluice/core/extend'
import type { LimiterKeys } from './keys.ts'
import { reset } from '../operations/reset.ts'
import type { LimiterConfig } from '../options.ts'
import type { Rule } from '../policy.ts'
import type { Taking } from './taking.ts'
import { traceReset } from '../tracing.ts'

/** Forgets what was taken, in the store and in this process. */
export interface Forgetting {
  /** @throws StoreUnavailableError when the store failed, by any policy */
  forget(key: string, rules: readonly Rule[]): Promise<void>
  /** Of all keys that begin so. @throws StoreUnavailableError when the store failed, by any policy */
  forgetMatching(beginning: string, rules: readonly Rule[]): Promise<void>
}

/**
 * Blocks are forgotten too.
 *
 * @param local the stand-in of this process, once there is one
 */
export function createForgetting(
  { cache }: LimiterConfig,
  keys: LimiterKeys,
  local: () => Store | undefined,
  taking: Pick<Taking, 'forget' | 'forgetAll'>,
): Forgetting {
  const stores = (): readonly Store[] =>
    [local(), cache.store].filter((store) => store !== undefined)

  async function forget(key: string, rules: readonly Rule[]): Promise<void> {
    const { blockKey, policies } = keys.of(key, rules)
    const all = [blockKey, ...policies.map((policy) => policy.key)]
    try {
      for (const store of stores()) await store.run(reset, { keys: all })
    } finally {
      // Afterwards: an answer from before may have come in meanwhile.
      taking.forget(key, true)
    }
  }

  async function forgetMatching(beginning: string, rules: readonly Rule[]): Promise<void> {
    // A state key is '…{name}': what begins a name is what stands before the closing brace.
    const match = `${escapeGlob(cache.stateKey('limit', beginning).slice(0, -1))}*`
    const endings = keys.endings(rules)
    const isOwn = (key: string): boolean => endings.some((ending) => key.endsWith(`}${ending}`))
    try {
      for (const store of stores()) {
        for await (const batch of store.scan(match)) await store.delete(batch.keys.filter(isOwn))
      }
    } finally {
      taking.forgetAll()
    }
  }

  return { forget: traceReset(forget), forgetMatching: traceReset(forgetMatching) }
}
