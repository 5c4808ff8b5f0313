import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import type { Algorithm } from '../algorithms/algorithm.ts'
import { algorithms, type AlgorithmName } from '../algorithms/index.ts'
import { consume, consumeInMemory, type ConsumeArgs } from './consume.ts'
import { nowLua, readStates, type StatesReply } from './policy-states.ts'

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
    argv: ({ least, policies: [policy] }: ConsumeArgs) => [
      least,
      policy?.limit ?? 0,
      policy?.windowMs ?? 0,
      policy?.burst ?? 0,
    ],
    prelude: lua`
      ${nowLua()}
      local function functions()
        ${algorithm.lua}
      end
      local ask = functions()`,
    lua: lua`
      -- KEYS[1] until when the key is blocked, in ms   KEYS[2] state of the policy, kept as long as anything in it counts
      -- ARGV[1] units, 1 or more   ARGV[2] limit   ARGV[3] window in ms   ARGV[4] burst
      -- replies { now, ms still blocked, units granted, the state after it, '' for none }
      local kept = redis.call('MGET', KEYS[1], KEYS[2])
      local blocked = kept[1] and math.max(0, tonumber(kept[1]) - now) or 0
      local before = kept[2]
      local cost = tonumber(ARGV[1])
      local policy = { limit = tonumber(ARGV[2]), window = tonumber(ARGV[3]), burst = tonumber(ARGV[4]) }
      local granted = 0
      local wait, state, ttl, same = ask(before, now, policy, cost)
      if wait == 0 and blocked == 0 then granted = cost
      elseif wait == 0 then
        local _
        _, state, ttl, same = ask(before, now, policy, 0)
      end
      if state == nil then
        if before then redis.call('DEL', KEYS[2]) end
      elseif state ~= before then
        -- Not SET with a ttl: Redis would keep the text in the room that MGET had for a key.
        if same then redis.call('SET', KEYS[2], state, 'KEEPTTL')
        else redis.call('PSETEX', KEYS[2], ttl, state) end
      end
      return { now, blocked, granted, state or '' }`,
    memory: (view, keys, [units, ...policy]) =>
      consumeInMemory(view, keys, [units, units, 1, name, ...policy]),
    reply: readStates,
  })
}
