import type { Entry } from './entry.ts'
import type { GuardConfig } from './options.ts'
import type { Policy } from './policy.ts'

/** The right to write what a load brings, for as long as nothing overtakes it. */
export interface Hold {
  /** Writes the entry, or drops it where something has overtaken the load. */
  fill(entry: Entry, ttlMs: number): Promise<void>
  /** Nothing is written: the load failed, or brought nothing to keep. */
  end(how: 'failed' | 'none'): Promise<void>
}

/** Whose turn it is to load. */
export type Claim =
  | { readonly kind: 'hold'; readonly hold: Hold }
  /** Nobody's: something else was written meanwhile. */
  | { readonly kind: 'entry'; readonly entry: Entry }
  /** Another process's, for so long. */
  | { readonly kind: 'busy'; readonly remainingMs: number }
  /** Nobody's for so long: another process has just failed, and there is something to serve. */
  | { readonly kind: 'failed'; readonly remainingMs: number }

/** Who asks to load. */
export interface Claimant {
  readonly key: string
  readonly policy: Policy
  readonly leaseMs: number
  /** What is to be replaced, if anything was found. */
  readonly over: Entry | undefined
  /** True to load whoever else does. */
  readonly alone: boolean
  /** True when there is something to serve instead. */
  readonly canFail: boolean
}

/** Who may write, and how. */
export interface Keeper {
  claim(claimant: Claimant): Promise<Claim>
}

/** Where nobody else sees the store, the flights of this process decide alone. */
export function createLocalKeeper({ cache }: GuardConfig): Keeper {
  return {
    claim: async ({ key }) => ({
      kind: 'hold',
      hold: {
        async fill(entry, ttlMs) {
          await cache.set(key, entry, ttlMs)
        },
        end: async () => undefined,
      },
    }),
  }
}
