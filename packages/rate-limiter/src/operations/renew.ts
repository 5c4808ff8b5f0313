import { defineOperation, lua, type Operation } from '@sluice/core/extend'

/** Which slots are held, and for how long from now. */
export interface RenewArgs {
  readonly key: string
  readonly ids: readonly string[]
  readonly leaseMs: number
}

/** Gives slots a full lease again, those too that the store no longer has: whoever renews is in there. */
export const renew: Operation<RenewArgs, void> = defineOperation({
  name: 'rate-limiter.renew',
  keys: ({ key }) => [key],
  argv: ({ ids, leaseMs }) => [leaseMs, ...ids],
  lua: lua`
    -- KEYS[1] ids that have a slot, by the ms since 1970 when their lease ends: lives until the last one
    -- ARGV[1] lease in ms   ARGV[2...] ids   replies 0
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    local ends = string.format('%.0f', now + tonumber(ARGV[1]))
    for i = 2, #ARGV do redis.call('ZADD', KEYS[1], ends, ARGV[i]) end
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    return 0`,
  memory: (view, [slots], [leaseMs, ...ids]) => {
    for (const id of ids) view.zAdd(slots, view.nowMs() + Number(leaseMs), String(id))
    view.pExpire(slots, Number(leaseMs))
    return 0
  },
  reply: () => undefined,
})
