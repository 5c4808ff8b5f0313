import { lua, type MemoryView, type Scalar } from '@sluice/core/extend'
import type { Algorithm, Answer, Question } from '../algorithms/algorithm.ts'
import { algorithms, type AlgorithmName } from '../algorithms/index.ts'
import { wholeNumbers } from '../algorithms/whole-numbers.ts'

/** One policy of a request, and where its state is. */
export interface PolicyState {
  /** Its key; all policies of a request and the block share one Cluster slot. */
  readonly key: string
  readonly algorithm: AlgorithmName
  /** `'<limit> <window in ms> <burst>'`: one argument costs less to send, and scripts read it once a batch. */
  readonly numbers: string
}

/** Where a key's block and the states of its policies are. */
export interface KeyStates {
  readonly blockKey: string
  readonly policies: readonly PolicyState[]
}

/** What the operations reply. */
export interface StatesReply {
  /** When it was decided, by the store's clock, ms since 1970. */
  readonly nowMs: number
  /** Ms that the key is still blocked, 0 when it is not. */
  readonly blockedMs: number
  /** Units that were taken, or would be. */
  readonly granted: number
  /** What is kept of each policy now, `null` for nothing: what is left and when more comes follows from it. */
  readonly states: readonly (string | null)[]
}

/** How many ARGV a policy takes. */
const perPolicy = 2

/** KEYS: the block, then the policies. */
export function keysOf({ blockKey, policies }: KeyStates): readonly string[] {
  return [blockKey, ...policies.map(({ key }) => key)]
}

/** ARGV of the policies, after those of the operation itself. */
export function argvOf({ policies }: KeyStates): readonly Scalar[] {
  const argv: Scalar[] = []
  for (const { algorithm, numbers } of policies) argv.push(algorithm, numbers)
  return argv
}

/**
 * The prelude of both scripts: `now`, and `functions[algorithm]`, which are made when they are first asked for.
 */
export const policiesPrelude: string = lua`
  ${commonLua()}
  local chunks, made = {}, {}
  ${chunksOfAlgorithms()}
  local function functions_of(algorithm)
    local all = made[algorithm]
    if not all then
      all = { chunks[algorithm]() }
      made[algorithm] = all
    end
    return all[1], all[2], all[3]
  end`

/**
 * What all scripts that ask algorithms begin with: `now` in ms, `whole`, the format of a whole number, and
 * `policy_of(numbers)`, which reads a policy once for all jobs of a batch that have the same.
 */
export function commonLua(): string {
  return lua`
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    -- '%d' is made several times as fast as '%.0f', but is exact only where a long has 64 bits.
    local whole = string.format('%d', ${String(2 ** 52)}) == '${String(2 ** 52)}' and '%d' or '%.0f'
    local policies = {}
    local function policy_of(numbers)
      local policy = policies[numbers]
      if not policy then
        local limit, window, burst = string.match(numbers, '^(%d+) (%d+) (%d+)$')
        policy = { limit = tonumber(limit), window = tonumber(window), burst = tonumber(burst) }
        policies[numbers] = policy
      end
      return policy
    end`
}

/**
 * What both scripts begin with, after the prelude. They see `blocked` (ms) and `states`, by the index in KEYS. `use(i)` gives
 * what the policy of KEYS[i] is asked with. `keep(i, text, ttl)` writes a state, if it is another. `reply(granted)` is what
 * they return.
 *
 * @param before how many ARGV stand before those of the policies
 */
export function policiesLua(before: number): string {
  return lua`
    local kept = redis.call('MGET', unpack(KEYS))
    local blocked = kept[1] and math.max(0, tonumber(kept[1]) - now) or 0

    local function use(i)
      local at = ${String(before + 1)} + (i - 2) * ${String(perPolicy)}
      return policy_of(ARGV[at + 1]), functions_of(ARGV[at])
    end
    local states = kept
    local function keep(i, text, ttl)
      if text == nil then
        if states[i] then redis.call('DEL', KEYS[i]) end
      elseif text ~= states[i] then
        -- Not SET: Redis would keep the text in the room that MGET had for a key.
        redis.call('PSETEX', KEYS[i], ttl, text)
      end
      states[i] = text or false
    end
    local function reply(granted)
      local all = { now, blocked, granted }
      for i = 2, #KEYS do all[i + 2] = states[i] or '' end
      return all
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
    const [name, numbers] = [argv[first], argv[first + 1]]
    const algorithm = byName.get(name)
    if (algorithm === undefined) throw new Error(`no algorithm ${name}`)
    return policyInMemory(view, key, algorithm, momentOf(view, String(numbers)))
  })
}

/** A policy, and the time at which it is asked. */
type Moment = Omit<Question, 'cost'>

/** @param numbers of the policy: `'<limit> <window in ms> <burst>'` */
export function momentOf(view: MemoryView, numbers: string): Moment {
  const [limit = 0, windowMs = 0, burst = 0] = wholeNumbers(numbers, 3)
  return { nowMs: view.nowMs(), limit, windowMs, burst }
}

function policyInMemory(
  view: MemoryView,
  key: string,
  algorithm: Algorithm,
  policy: Moment,
): PolicyInMemory {
  const before = view.get(key)
  let state = before
  return {
    ask: (cost) => algorithm.ask(state, { cost, ...policy }),
    charge(units, takenAtMs) {
      state = algorithm.charge(state, { units, takenAtMs, ...policy })
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

/** What both memory halves reply. */
export function statesReply(
  view: MemoryView,
  [blockKey = '', ...keys]: readonly string[],
  granted: number,
): (number | string)[] {
  const states = keys.map((key) => view.get(key) ?? '')
  return [view.nowMs(), blockedMs(view, blockKey), granted, ...states]
}

/** Reads the reply of either operation. */
export function readStates(reply: readonly (number | string)[]): StatesReply {
  const [nowMs, blocked, granted, ...states] = reply
  return {
    nowMs: Number(nowMs),
    blockedMs: Number(blocked),
    granted: Number(granted),
    states: states.map((state) => (state === '' ? null : String(state))),
  }
}
