import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import {
  argvOf,
  keysOf,
  policiesInMemory,
  policiesLua,
  policiesPrelude,
  readStates,
  statesReply,
  type KeyStates,
  type StatesReply,
} from './policy-states.ts'

/** What `adjust` is given. */
export interface AdjustArgs extends KeyStates {
  /** Above 0: taken, as far as there are any, without asking. Below 0: given back, as far as they still count. */
  readonly units: number
  /** When the units that are given back were taken, by the store's clock; 0 where that is not known. */
  readonly takenAtMs: number
  /** Ms to block the key from now, 0 to lift the block, -1 to leave it as it is. */
  readonly blockMs: number
}

const own = 3

/** Changes what is counted of a key without asking, and whether it is blocked. */
export const adjust: Operation<AdjustArgs, StatesReply> = defineOperation({
  name: 'rate-limiter.adjust',
  keys: (args: AdjustArgs) => keysOf(args),
  argv: (args: AdjustArgs) => [args.units, args.takenAtMs, args.blockMs, ...argvOf(args)],
  prelude: policiesPrelude,
  lua: lua`
    -- KEYS[1] until when the key is blocked, in ms: lives as long   KEYS[i] state of a policy, kept while anything in it counts
    -- ARGV[1] units: above 0 taken, below 0 given back   ARGV[2] when they were taken, in ms, 0 when that is not known
    -- ARGV[3] ms to block from now, 0 lifts, -1 leaves
    -- ARGV[2i] algorithm of KEYS[i]   ARGV[2i+1] its limit, window in ms and burst, as text
    -- replies as consume does, 0 units granted
    ${policiesLua(own)}
    local units, taken_at, block = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
    if taken_at == 0 then taken_at = now end
    if block > 0 then
      blocked = block
      redis.call('SET', KEYS[1], string.format(whole, now + block), 'PX', block)
    elseif block == 0 then
      blocked = 0
      redis.call('DEL', KEYS[1])
    end
    if units ~= 0 then
      for i = 2, #KEYS do
        local policy, ask, _, charge = use(i)
        local _, text, ttl = ask(charge(states[i], now, policy, units, taken_at), now, policy, 0)
        keep(i, text, ttl)
      end
    end
    return reply(0)`,
  memory: (view, keys, argv) => {
    const [units, takenAtMs, blockMs] = [Number(argv[0]), Number(argv[1]), Number(argv[2])]
    const nowMs = view.nowMs()
    const [blockKey = ''] = keys
    if (blockMs > 0) view.set(blockKey, String(nowMs + blockMs), blockMs)
    else if (blockMs === 0) view.del(blockKey)
    if (units !== 0) {
      for (const policy of policiesInMemory(view, keys, argv, own)) {
        policy.charge(units, takenAtMs === 0 ? nowMs : takenAtMs)
        policy.keep(policy.ask(0))
      }
    }
    return statesReply(view, keys, 0)
  },
  reply: readStates,
})
