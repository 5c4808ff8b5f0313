import {
  defineOperation,
  lua,
  type MemoryView,
  type Operation,
  type Scalar,
} from '@sluice/core/extend'
import type { Algorithm, Answer } from '../algorithms/algorithm.ts'
import { algorithms, type AlgorithmName } from '../algorithms/index.ts'

/** One policy of a request, and where its state is. */
export interface PolicyState {
  /** Its key; all policies of a request share one Cluster slot. */
  readonly key: string
  readonly algorithm: AlgorithmName
  readonly limit: number
  readonly windowMs: number
}

/** What `consume` is given. */
export interface ConsumeArgs {
  readonly policies: readonly PolicyState[]
  /** Whole units; 0 fits always and writes nothing. */
  readonly cost: number
  /** False answers the same and takes nothing. */
  readonly take: boolean
}

/** What one policy answers: an algorithm's answer without the state. */
export type PolicyAnswer = Omit<Answer, 'next'>

const byName: ReadonlyMap<Scalar | undefined, Algorithm> = new Map(Object.entries(algorithms))

/** How many ARGV a policy takes, and how many stand before the first. */
const perPolicy = 3
const beforePolicies = 2

/**
 * Asks every policy whether the cost fits, then takes it from all of them or from none. One round trip for any number
 * of policies; the answers come in their order. Where nothing is taken they tell what is left as it is.
 *
 * A refusal takes nothing, but may write: an algorithm brings its state back from a clock that moved.
 */
export const consume: Operation<ConsumeArgs, readonly PolicyAnswer[]> = defineOperation({
  name: 'rate-limiter.consume',
  keys: ({ policies }) => policies.map(({ key }) => key),
  argv: ({ policies, cost, take }): readonly Scalar[] => [
    cost,
    take ? 1 : 0,
    ...policies.flatMap(({ algorithm, limit, windowMs }) => [algorithm, limit, windowMs]),
  ],
  lua: lua`
    -- KEYS[i] state of policy i, kept as long as anything in it counts
    -- ARGV[1] cost   ARGV[2] 1 to take it, 0 to look
    -- ARGV[3i] algorithm of policy i   ARGV[3i+1] limit   ARGV[3i+2] window in ms
    -- replies for each policy 'wait remaining refill reset' as text: wait is the ms until the cost fits, 0 when it does,
    -- -1 when it never will; the others tell how the policy stands now
    local algorithms = {}
    ${luaOfAlgorithms()}

    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    local cost, take = tonumber(ARGV[1]), ARGV[2] == '1'
    local states = {}
    local function ask(i, units)
      return algorithms[ARGV[3 * i]](states[i], now, tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2]), units)
    end

    local answers, fits = {}, true
    for i, key in ipairs(KEYS) do
      states[i] = redis.call('GET', key)
      answers[i] = ask(i, cost)
      fits = fits and answers[i].wait == 0
    end

    local reply = {}
    for i, key in ipairs(KEYS) do
      local answer = answers[i]
      local wait = answer.wait
      if not (take and fits) then answer = ask(i, 0) end
      if take and cost > 0 and answer.next and answer.next ~= states[i] then
        redis.call('SET', key, answer.next, 'PX', answer.reset)
      end
      reply[i] = string.format('%.0f %.0f %.0f %.0f', wait, answer.remaining, answer.refill, answer.reset)
    end
    return reply`,
  memory: (view, keys, argv) => {
    const [cost, take] = [Number(argv[0]), argv[1] === 1]
    const asked = keys.map((key, at) => {
      const policy = policyOf(view, key, argv, at)
      return { policy, answer: policy.ask(cost) }
    })
    const takes = take && asked.every(({ answer }) => answer.waitMs === 0)
    return asked.map(({ policy, answer }) => {
      const { remaining, refillMs, resetMs, next } = takes ? answer : policy.ask(0)
      if (take && cost > 0 && next !== null && next !== policy.state)
        view.set(policy.key, next, resetMs)
      return `${answer.waitMs} ${remaining} ${refillMs} ${resetMs}`
    })
  },
  reply: (lines) => lines.map(readAnswer),
})

function luaOfAlgorithms(): string {
  return Object.entries(algorithms)
    .map(([name, algorithm]) => `algorithms['${name}'] = (function()\n${algorithm.lua}\nend)()`)
    .join('\n')
}

/** A policy as the memory half sees it: its state is read once, before anything is written. */
function policyOf(view: MemoryView, key: string, argv: readonly Scalar[], at: number) {
  const first = beforePolicies + at * perPolicy
  const [name, limit, windowMs] = argv.slice(first, first + perPolicy)
  const algorithm = byName.get(name)
  if (algorithm === undefined) throw new Error(`no algorithm ${name}`)
  const state = view.get(key)
  const policy = { nowMs: view.nowMs(), limit: Number(limit), windowMs: Number(windowMs) }
  return { key, state, ask: (cost: number): Answer => algorithm.ask(state, { ...policy, cost }) }
}

function readAnswer(line: string): PolicyAnswer {
  const [waitMs = 0, remaining = 0, refillMs = 0, resetMs = 0] = line.split(' ').map(Number)
  return { waitMs, remaining, refillMs, resetMs }
}
