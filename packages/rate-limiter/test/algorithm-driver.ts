import type { Algorithm, Answer, Question } from '../src/algorithms/algorithm.ts'

/** The numbers of one policy. */
export type Numbers = Pick<Question, 'limit' | 'windowMs' | 'burst'>

/** One policy of one key, driven by hand as the operations do it. */
export interface Driver {
  readonly state: string | null
  look(nowMs: number, cost?: number): Answer
  /** Takes the cost if it fits. A refusal is kept, too. */
  take(nowMs: number, cost: number): Answer
  /** @param units above 0 a penalty, below 0 a refund */
  charge(nowMs: number, units: number, takenAtMs?: number): void
}

/** @param state what was kept before */
export function drive(algorithm: Algorithm, numbers: Numbers, state: string | null = null): Driver {
  const look = (nowMs: number, cost = 0): Answer =>
    algorithm.ask(state, { ...numbers, nowMs, cost })
  return {
    get state() {
      return state
    },
    look,
    take(nowMs, cost) {
      const answer = look(nowMs, cost)
      state = (answer.waitMs === 0 ? answer : look(nowMs)).next
      return answer
    },
    charge(nowMs, units, takenAtMs = nowMs) {
      state = algorithm.charge(state, { ...numbers, nowMs, units, takenAtMs })
    },
  }
}

/** The most that a policy holds. */
export function mostOf({ code }: Algorithm, { limit, burst }: Numbers): number {
  return code === 'b' ? burst : limit
}
