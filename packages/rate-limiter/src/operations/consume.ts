import {
  defineOperation,
  lua,
  type MemoryView,
  type Operation,
  type Scalar,
} from '@sluice/core/extend'
import {
  argvOf,
  blockedMs,
  keysOf,
  policiesInMemory,
  policiesLua,
  policiesPrelude,
  readStates,
  statesReply,
  type KeyStates,
  type StatesReply,
} from './policy-states.ts'

/** What `consume` is given. */
export interface ConsumeArgs extends KeyStates {
  /** The fewest units that will do, whole; 0 fits always and writes nothing. */
  readonly least: number
  /** The most that are wanted: at least `least`. */
  readonly most: number
  /** False answers the same and takes nothing. */
  readonly take: boolean
}

const own = 3

/**
 * Asks every policy whether the units fit, then takes as many as all of them have, up to `most`, from all or none. One round
 * trip for any number of policies. Nothing fits while the key is blocked.
 *
 * A refusal takes nothing, but may write: an algorithm brings its state back from a clock that moved.
 */
export const consume: Operation<ConsumeArgs, StatesReply> = defineOperation({
  name: 'rate-limiter.consume',
  keys: (args: ConsumeArgs) => keysOf(args),
  argv: (args: ConsumeArgs) => [args.least, args.most, args.take ? 1 : 0, ...argvOf(args)],
  prelude: policiesPrelude,
  lua: lua`
    -- KEYS[1] until when the key is blocked, in ms   KEYS[i] state of a policy, kept as long as anything in it counts
    -- ARGV[1] fewest units   ARGV[2] most units   ARGV[3] 1 to take them, 0 to look
    -- ARGV[2i] algorithm of KEYS[i]   ARGV[2i+1] its limit, window in ms and burst, as text
    -- replies { now, ms still blocked, units granted, then the state of each policy after it, '' for none }
    ${policiesLua(own)}
    local least, most, take = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'

    local asked, granted = {}, most
    if blocked > 0 and least > 0 then granted = 0 end
    for i = 2, #KEYS do
      local policy, ask, left = use(i)
      local wait, text, ttl = ask(states[i], now, policy, least)
      if wait ~= 0 then granted = 0
      elseif granted > least then granted = math.max(least, math.min(granted, left(states[i], now, policy))) end
      asked[i] = { policy = policy, ask = ask, text = text, ttl = ttl }
    end

    if take and least > 0 then
      for i = 2, #KEYS do
        local one = asked[i]
        local text, ttl = one.text, one.ttl
        if granted ~= least then
          local _
          _, text, ttl = one.ask(states[i], now, one.policy, granted)
        end
        keep(i, text, ttl)
      end
    end
    return reply(granted)`,
  memory: consumeInMemory,
  reply: readStates,
})

/** The memory half. */
function consumeInMemory(
  view: MemoryView,
  keys: readonly string[],
  argv: readonly Scalar[],
): (number | string)[] {
  const [least, most, take] = [Number(argv[0]), Number(argv[1]), argv[2] === 1]
  const policies = policiesInMemory(view, keys, argv, own)
  const isBlocked = least > 0 && blockedMs(view, keys[0] ?? '') > 0
  const fits = !isBlocked && policies.every((policy) => policy.ask(least).waitMs === 0)
  const left = policies.map((policy) => policy.ask(0).remaining)
  const granted = fits ? Math.max(least, Math.min(most, ...left)) : 0
  if (take && least > 0) for (const policy of policies) policy.keep(policy.ask(granted))
  return statesReply(view, keys, granted)
}
