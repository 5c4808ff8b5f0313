/** What an algorithm is asked: whether `cost` units fit a policy at a time, and what is left. */
export interface Question {
  /** The store's clock, ms since 1970. */
  readonly nowMs: number
  readonly limit: number
  readonly windowMs: number
  /** Whole units; 0 asks what is left, and always fits. */
  readonly cost: number
}

/** What an algorithm answers. All but `waitMs` describe the policy after the cost was taken, if it fits. */
export interface Answer {
  /** Ms until the cost fits: 0 when it does now, `never` when it is more than the policy can ever hold. */
  readonly waitMs: number
  /** Whole units that are left. */
  readonly remaining: number
  /** Ms until one more unit than `remaining` is there; 0 when none is missing. */
  readonly refillMs: number
  /** Ms until nothing that was taken counts any more; 0 when nothing was. State is kept this long. */
  readonly resetMs: number
  /** The state to keep. `null` when there is nothing to remember. */
  readonly next: string | null
}

/** `waitMs` of what can never pass: a reply of a script holds no Infinity. */
export const never = -1

/**
 * One way of counting, said twice: a pure function from one policy's state to an answer, in Lua and in JavaScript. It
 * touches no key; the operations read the state, ask every policy, and write all states or none.
 *
 * `limit * windowMs` is a safe integer, and so must be every number on the way.
 */
export interface Algorithm {
  /** Marks its state in keys, so that no other algorithm ever reads it. */
  readonly code: string
  /**
   * A Lua chunk that returns `function(state, now, limit, window, cost)`; `state` is text, or false without any. The
   * function returns a table of `wait`, `remaining`, `refill`, `reset`, and `next` or nil: an `Answer`.
   */
  readonly lua: string
  /** @param state the text that was kept; `null` without any. Text that it cannot read counts as none. */
  ask(state: string | null, question: Question): Answer
}
