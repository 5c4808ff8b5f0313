import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import {
  answerLine,
  argvOf,
  blockedMs,
  headLine,
  keysOf,
  policiesInMemory,
  policiesLua,
  readAnswers,
  type Answers,
  type KeyStates,
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
 * trip for any number of policies; the answers come in their order. Where nothing is taken they tell what is left as it is.
 * Nothing fits while the key is blocked.
 *
 * A refusal takes nothing, but may write: an algorithm brings its state back from a clock that moved.
 */
export const consume: Operation<ConsumeArgs, Answers> = defineOperation({
  name: 'rate-limiter.consume',
  keys: (args: ConsumeArgs) => keysOf(args),
  argv: (args: ConsumeArgs) => [args.least, args.most, args.take ? 1 : 0, ...argvOf(args)],
  lua: lua`
    -- KEYS[1] until when the key is blocked, in ms   KEYS[i] state of a policy, kept as long as anything in it counts
    -- ARGV[1] fewest units   ARGV[2] most units   ARGV[3] 1 to take them, 0 to look
    -- ARGV[4i-4] algorithm of KEYS[i]   ARGV[4i-3] limit   ARGV[4i-2] window in ms   ARGV[4i-1] burst
    -- replies 'now blocked granted', then for each policy 'wait remaining refill reset', all in ms and units: wait is until
    -- the fewest fit, 0 when they do, -1 when they never will; the others tell how the policy stands now
    ${policiesLua(own)}
    local least, most, take = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'

    local answers, waits, granted = {}, {}, most
    for i = 2, #KEYS do
      answers[i] = ask(i, least)
      waits[i] = answers[i].wait
      if waits[i] ~= 0 then granted = 0 end
    end
    if blocked > 0 and least > 0 then granted = 0 end
    if granted > least then
      for i = 2, #KEYS do granted = math.min(granted, ask(i, 0).remaining) end
      granted = math.max(granted, least)
    end

    local reply = { string.format('%.0f %.0f %.0f', now, blocked, granted) }
    for i = 2, #KEYS do
      local taken = take and granted or 0
      if taken ~= least then answers[i] = ask(i, taken) end
      if take and least > 0 then keep(i, states[i], answers[i]) end
      reply[i] = line(waits[i], answers[i])
    end
    return reply`,
  memory: (view, keys, argv) => {
    const [least, most, take] = [Number(argv[0]), Number(argv[1]), argv[2] === 1]
    const policies = policiesInMemory(view, keys, argv, own)
    const waits = policies.map((policy) => policy.ask(least).waitMs)
    const blocked = blockedMs(view, keys[0] ?? '')
    const fits = waits.every((waitMs) => waitMs === 0) && (blocked === 0 || least === 0)
    const left = policies.map((policy) => policy.ask(0).remaining)
    const granted = fits ? Math.max(least, Math.min(most, ...left)) : 0
    const lines = policies.map((policy, at) => {
      const answer = policy.ask(take ? granted : 0)
      if (take && least > 0) policy.keep(answer)
      return answerLine(waits[at] ?? 0, answer)
    })
    return [headLine(view.nowMs(), blocked, granted), ...lines]
  },
  reply: readAnswers,
})
