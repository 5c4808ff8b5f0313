import type { Decision } from '../decision.ts'
import type { Rule } from '../policy.ts'

/** Whose units, how many, under which rules. */
export interface Subject {
  readonly key: string
  readonly cost: number
  /** Empty where there is no limit. */
  readonly rules: readonly Rule[]
}

/** One question: may `key` have `cost` units under these rules? */
export interface Ask extends Subject {
  /** False looks without taking. */
  readonly take: boolean
  /** True takes as many as there are, from 1 to `cost`. */
  readonly partial?: boolean
}

/** What is counted changes without a question. */
export interface Change extends Subject {
  readonly verb: 'refund' | 'penalize' | 'block'
  /** Which decision is taken back. */
  readonly of?: Decision | undefined
  /** Ms to block the key, 0 to lift a block. */
  readonly blockMs?: number
}
