import {
  defineOperation,
  lua,
  type MemoryView,
  type Operation,
  type Scalar,
} from '@sluice/core/extend'
import type { Algorithm } from '../algorithms/algorithm.ts'
import { algorithms, type AlgorithmName } from '../algorithms/index.ts'
import { consume, type ConsumeArgs } from './consume.ts'
import { blockedMs, commonLua, momentOf, type StatesReply } from './policy-states.ts'

type ConsumeOne = Operation<ConsumeArgs, StatesReply>

/**
 * What `consume` does, by the algorithm of the policy, for what is asked most: one policy, and all of the units or none. Half
 * of the work of that script is in tables and loops that are not needed for it.
 */
export const consumeOne: Readonly<Record<AlgorithmName, ConsumeOne>> = {
  'sliding-window': consumeOneBy('sliding-window'),
  'fixed-window': consumeOneBy('fixed-window'),
  'sliding-log': consumeOneBy('sliding-log'),
  'token-bucket': consumeOneBy('token-bucket'),
}

/** The operation that does what `consume` would, at the least cost. */
export function consumeOperation(args: ConsumeArgs): ConsumeOne {
  const { policies, least, most, take } = args
  const [policy] = policies
  const isForOne = policies.length === 1 && take && least === most && least > 0
  return isForOne && policy !== undefined ? consumeOne[policy.algorithm] : consume
}

function consumeOneBy(name: AlgorithmName): ConsumeOne {
  const algorithm: Algorithm = algorithms[name]
  return defineOperation({
    name: consume.name,
    keys: ({ blockKey, policies }: ConsumeArgs) => [blockKey, policies[0]?.key ?? ''],
    argv: ({ least, policies }: ConsumeArgs) => [least, policies[0]?.numbers ?? ''],
    // A local is found faster than a field of a global, and this is run for every decision.
    prelude: lua`
      ${commonLua()}
      local call, tonumber = redis.call, tonumber
      local function functions()
        ${algorithm.lua}
      end
      local ask = functions()`,
    // MGET, which takes a key of another type for none: what is no state is replaced.
    lua: lua`
      -- KEYS[1] until when the key is blocked, in ms   KEYS[2] state of the policy, kept as long as anything in it counts
      -- ARGV[1] units, 1 or more   ARGV[2] limit, window in ms and burst, as text
      -- replies { now, units granted, or minus the ms that the key is still blocked, the state after it, '' for none }
      local kept = call('MGET', KEYS[1], KEYS[2])
      local blocked_until, before = kept[1], kept[2]
      local cost, policy = tonumber(ARGV[1]), policy_of(ARGV[2])
      local outcome = 0
      if blocked_until and blocked_until - now > 0 then outcome = now - blocked_until end
      local wait, state, ttl = ask(before, now, policy, cost)
      if wait == 0 and outcome == 0 then outcome = cost
      elseif wait == 0 then
        local _
        _, state, ttl = ask(before, now, policy, 0)
      end
      if state == nil then
        if before then call('DEL', KEYS[2]) end
      elseif state ~= before then
        -- Not SET: Redis would keep the text in the room that MGET had for a key.
        call('PSETEX', KEYS[2], ttl, state)
      end
      return { now, outcome, state or '' }`,
    memory: (view, keys, argv) => consumeOneInMemory(view, algorithm, keys, argv),
    reply: ([nowMs, outcome, state]) => ({
      nowMs: Number(nowMs),
      blockedMs: Math.max(0, -Number(outcome)),
      granted: Math.max(0, Number(outcome)),
      states: [state === '' ? null : String(state)],
    }),
  })
}

function consumeOneInMemory(
  view: MemoryView,
  { ask }: Algorithm,
  [blockKey, key]: readonly [string, string],
  [units, numbers]: readonly [Scalar, string],
): readonly [nowMs: number, outcome: number, state: string] {
  const moment = momentOf(view, numbers)
  const cost = Number(units)
  const blocked = blockedMs(view, blockKey)
  const before = view.get(key)
  const question = { cost, ...moment }
  const asked = ask(before, question)
  const fits = asked.waitMs === 0 && blocked === 0
  const { next, resetMs } = fits ? asked : ask(before, { ...question, cost: 0 })
  if (next === null) view.del(key)
  else if (next !== before) view.set(key, next, resetMs)
  return [moment.nowMs, fits ? cost : -blocked, next ?? '']
}
