import type { MemoryView, Scalar } from '@sluice/core/extend'
import { lua } from '@sluice/core/extend'
import type { Algorithm, Answer } from '../algorithms/algorithm.ts'
import { algorithms, type AlgorithmName } from '../algorithms/index.ts'

/** One policy of a request, and where its state is. */
export interface PolicyState {
  /** Its key; all policies of a request and the block share one Cluster slot. */
  readonly key: string
  readonly algorithm: AlgorithmName
  readonly limit: number
  readonly windowMs: number
  readonly burst: number
}

/** Where a key's block and the states of its policies are. */
export interface KeyStates {
  readonly blockKey: string
  readonly policies: readonly PolicyState[]
}

/** What one policy answers: an algorithm's answer without the state. */
export type PolicyAnswer = Omit<Answer, 'next'>

/** What the operations reply: all policies, and what is said of the key itself. */
export interface Answers {
  readonly policies: readonly PolicyAnswer[]
  /** Units that were taken, or would be. */
  readonly granted: number
  /** Ms that the key is still blocked, 0 when it is not. */
  readonly blockedMs: number
  /** When it was decided, by the store's clock, ms since 1970. */
  readonly nowMs: number
}

/** How many ARGV a policy takes. */
const perPolicy = 4

/** KEYS: the block, then the policies. */
export function keysOf({ blockKey, policies }: KeyStates): readonly string[] {
  return [blockKey, ...policies.map(({ key }) => key)]
}

/** ARGV of the policies, after those of the operation itself. */
export function argvOf({ policies }: KeyStates): readonly Scalar[] {
  return policies.flatMap(({ algorithm, limit, windowMs, burst }) => [
    algorithm,
    limit,
    windowMs,
    burst,
  ])
}

/**
 * What both scripts begin with. They see `now`, `blocked` (ms), and for the policy of KEYS[i]: `states[i]`, `ask(i, cost)` and
 * `charge(i, units, taken_at)`. `keep(i, answer)` writes the state that an answer brings, if it is another;
 * `line(wait, answer)` is a policy's part of the reply. Algorithms that nobody asks are not built.
 *
 * @param before how many ARGV stand before those of the policies
 */
export function policiesLua(before: number): string {
  return lua`
    local chunks, built = {}, {}
    ${chunksOfAlgorithms()}
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    local blocked = math.max(0, tonumber(redis.call('GET', KEYS[1]) or 0) - now)

    local states, policies = {}, {}
    for i = 2, #KEYS do
      local at = ${String(before + 1)} + (i - 2) * ${String(perPolicy)}
      local name = ARGV[at]
      built[name] = built[name] or chunks[name]()
      states[i] = redis.call('GET', KEYS[i])
      policies[i] = {
        algorithm = built[name],
        limit = tonumber(ARGV[at + 1]), window = tonumber(ARGV[at + 2]), burst = tonumber(ARGV[at + 3])
      }
    end
    local function ask(i, cost) return policies[i].algorithm.ask(states[i], now, policies[i], cost) end
    local function charge(i, units, taken_at)
      return policies[i].algorithm.charge(states[i], now, policies[i], units, taken_at)
    end
    local function keep(i, before, answer)
      if answer.next == nil then
        if before then redis.call('DEL', KEYS[i]) end
      elseif answer.next ~= before then
        redis.call('SET', KEYS[i], answer.next, 'PX', answer.reset)
      end
    end
    local function line(wait, answer)
      return string.format('%.0f %.0f %.0f %.0f', wait, answer.remaining, answer.refill, answer.reset)
    end`
}

function chunksOfAlgorithms(): string {
  return Object.entries(algorithms)
    .map(([name, algorithm]) => `chunks['${name}'] = function()\n${algorithm.lua}\nend`)
    .join('\n')
}

const byName: ReadonlyMap<Scalar | undefined, Algorithm> = new Map(Object.entries(algorithms))

/** A policy as the memory half of an operation sees it: its state is read once, before anything is written. */
export interface PolicyInMemory {
  ask(cost: number): Answer
  /** The state changes, and `ask` sees it so from then on. */
  charge(units: number, takenAtMs: number): void
  /** Writes the state that an answer brings, if it is another. */
  keep(answer: Answer): void
}

/** @param before how many ARGV stand before those of the policies */
export function policiesInMemory(
  view: MemoryView,
  keys: readonly string[],
  argv: readonly Scalar[],
  before: number,
): readonly PolicyInMemory[] {
  return keys.slice(1).map((key, at) => {
    const first = before + at * perPolicy
    const [name, limit, windowMs, burst] = argv.slice(first, first + perPolicy)
    const algorithm = byName.get(name)
    if (algorithm === undefined) throw new Error(`no algorithm ${name}`)
    const numbers = { limit: Number(limit), windowMs: Number(windowMs), burst: Number(burst) }
    return policyInMemory(view, key, algorithm, { nowMs: view.nowMs(), ...numbers })
  })
}

function policyInMemory(
  view: MemoryView,
  key: string,
  algorithm: Algorithm,
  policy: { nowMs: number; limit: number; windowMs: number; burst: number },
): PolicyInMemory {
  const before = view.get(key)
  let state = before
  return {
    ask: (cost) => algorithm.ask(state, { ...policy, cost }),
    charge(units, takenAtMs) {
      state = algorithm.charge(state, { ...policy, units, takenAtMs })
    },
    keep({ next, resetMs }) {
      if (next === null) view.del(key)
      else if (next !== before) view.set(key, next, resetMs)
    },
  }
}

/** Ms that a key is still blocked. */
export function blockedMs(view: MemoryView, blockKey: string): number {
  return Math.max(0, Number(view.get(blockKey) ?? 0) - view.nowMs())
}

/** One line: what is said of the key. */
export function headLine(nowMs: number, blocked: number, granted: number): string {
  return `${nowMs} ${blocked} ${granted}`
}

/** A policy's line of the reply. */
export function answerLine(waitMs: number, { remaining, refillMs, resetMs }: Answer): string {
  return `${waitMs} ${remaining} ${refillMs} ${resetMs}`
}

/** Reads the reply of either operation: a line of the key, then one a policy. */
export function readAnswers([head = '', ...lines]: readonly string[]): Answers {
  const [nowMs = 0, blocked = 0, granted = 0] = head.split(' ').map(Number)
  return { policies: lines.map(readAnswer), granted, blockedMs: blocked, nowMs }
}

function readAnswer(line: string): PolicyAnswer {
  const [waitMs = 0, remaining = 0, refillMs = 0, resetMs = 0] = line.split(' ').map(Number)
  return { waitMs, remaining, refillMs, resetMs }
}
