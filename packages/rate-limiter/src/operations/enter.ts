import { defineOperation, lua, type Operation } from '@sluice/core/extend'

/** Who wants a slot, for how long, among how many. */
export interface EnterArgs {
  readonly key: string
  readonly id: string
  readonly leaseMs: number
  readonly most: number
}

/**
 * Takes a slot if one is free: true when the id has one. An id that has one already keeps it, with a full lease: asking again
 * never takes a second.
 *
 * All leases of a key are equally long, so none ends later than a lease from now. After the clock went back some do: then
 * they are cut, or the slots of a dead process would be lost for as long as the clock went back.
 */
export const enter: Operation<EnterArgs, boolean> = defineOperation({
  name: 'rate-limiter.enter',
  keys: ({ key }) => [key],
  argv: ({ id, leaseMs, most }) => [id, leaseMs, most],
  lua: lua`
    -- KEYS[1] ids that have a slot, by the ms since 1970 when their lease ends: lives until the last one
    -- ARGV[1] id   ARGV[2] lease in ms   ARGV[3] most slots   replies 1 when the id has a slot, else 0
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    local ends = string.format('%.0f', now + tonumber(ARGV[2]))
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
    local has = redis.call('ZSCORE', KEYS[1], ARGV[1])
    if not has and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then
      local late = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ends, '+inf')
      for _, id in ipairs(late) do redis.call('ZADD', KEYS[1], ends, id) end
      if #late > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
      return 0
    end
    redis.call('ZADD', KEYS[1], ends, ARGV[1])
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return 1`,
  memory: (view, [slots], [id, leaseMs, most]) => {
    const endsMs = view.nowMs() + leaseMs
    view.zRemRangeByScore(slots, -Infinity, view.nowMs())
    if (view.zScore(slots, id) === null && view.zCard(slots) >= most) {
      const late = view.zRangeByScore(slots, endsMs + 1, Infinity)
      for (const one of late) view.zAdd(slots, endsMs, one)
      if (late.length > 0) view.pExpire(slots, leaseMs)
      return 0
    }
    view.zAdd(slots, endsMs, id)
    view.pExpire(slots, leaseMs)
    return 1
  },
  reply: (granted) => granted === 1,
})
