/** What an algorithm is asked about: one policy, at a time. */
export interface Question {
  /** The store's clock, ms since 1970. */
  readonly nowMs: number
  readonly limit: number
  readonly windowMs: number
  /** The most that passes at one moment. Only a bucket has one of its own; elsewhere it is the limit. */
  readonly burst: number
  /** Whole units; 0 asks what is left, and always fits. */
  readonly cost: number
}

/** What an algorithm answers. All but `waitMs` describe the policy after the cost was taken, if it fits. */
export interface Answer {
  /** Ms until the cost fits: 0 when it does now, `never` when it is more than the policy can ever hold. */
  readonly waitMs: number
  /** Whole units that are left: the largest cost that fits now. */
  readonly remaining: number
  /** Ms until one more unit than `remaining` is there; 0 when none is missing. */
  readonly refillMs: number
  /** Ms until nothing that was taken counts any more; 0 when nothing was. State is kept this long. */
  readonly resetMs: number
  /** The state to keep. `null` when there is nothing to remember. */
  readonly next: string | null
}

/** A change that is not asked about: as many units are taken as are left, or some are given back. */
export interface Charge {
  /** The store's clock, ms since 1970. */
  readonly nowMs: number
  readonly limit: number
  readonly windowMs: number
  readonly burst: number
  /**
   * Above 0: taken, until no whole unit is left. Below 0: given back, as far as they still count; never more than was taken,
   * and never where there is no state.
   */
  readonly units: number
  /** When the units that are given back were taken, by the store's clock; `nowMs` where that is not known. */
  readonly takenAtMs: number
}

/** `waitMs` of what can never pass: a reply of a script holds no Infinity. */
export const never = -1

/**
 * One way of counting: pure functions over one policy's state. They touch no key; the operations read the state, ask every
 * policy, and write all states or none. What decides is said twice, in Lua and in JavaScript; what follows from a state, such
 * as how much is left, is worked out by whoever asked, from the state that the operation replies.
 *
 * `limit * windowMs` is a safe integer, and so must be every number on the way.
 */
export interface Algorithm {
  /** Marks its state in keys, so that no other algorithm ever reads it. */
  readonly code: string
  /**
   * A Lua chunk that returns three functions, and sees `whole`, by which `string.format` makes text of a whole number. `state`
   * is text, or false without any; `policy` is a table of `limit`, `window` and `burst`, which stays as it is.
   * - `ask(state, now, policy, cost)` returns the `waitMs` of an `Answer`, its `next` or nil, and its `resetMs`
   * - `left(state, now, policy)` returns its `remaining`, for a cost of nothing
   * - `charge(state, now, policy, units, taken_at)` returns the state after it as text, or false when there is none
   */
  readonly lua: string
  /** The largest limit that it counts; absent where any will do. */
  readonly mostUnits?: number
  /**
   * For how many ms after the answer that took them units may be spent: until then they count alike whenever they are
   * spent, so a lease of them never admits more. Absent where a unit counts from the very moment it is taken: there nothing
   * can be taken ahead.
   */
  readonly holdMs?: (answer: Pick<Answer, 'resetMs'>, windowMs: number) => number
  /** @param state the text that was kept; `null` without any. Text that it cannot read counts as none. */
  ask(state: string | null, question: Question): Answer
  /** The state after a change; `null` when there is none. What was not there to be given back changes nothing. */
  charge(state: string | null, charge: Charge): string | null
}
