import { lua, type MemoryView, type Scalar } from '@sluice/core/extend'
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
const perPolicy = 4

/** KEYS: the block, then the policies. */
export function keysOf({ blockKey, policies }: KeyStates): readonly string[] {
  return [blockKey, ...policies.map(({ key }) => key)]
}

/** ARGV of the policies, after those of the operation itself. */
export function argvOf({ policies }: KeyStates): readonly Scalar[] {
  const argv: Scalar[] = []
  for (const { algorithm, limit, windowMs, burst } of policies) {
    argv.push(algorithm, limit, windowMs, burst)
  }
  return argv
}

/**
 * The prelude of both scripts: `now`, and `functions[algorithm]`, which are made when they are first asked for.
 */
export const policiesPrelude: string = lua`
  ${nowLua()}
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

/** `now` in ms. */
export function nowLua(): string {
  return lua`
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)`
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
      local policy = {
        limit = tonumber(ARGV[at + 1]), window = tonumber(ARGV[at + 2]), burst = tonumber(ARGV[at + 3])
      }
      return policy, functions_of(ARGV[at])
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
