import { defineOperation, lua, type Operation } from '@sluice/core/extend'

/** How many slots of a key are taken. Looks, and changes nothing. */
export const inFlight: Operation<{ key: string }, number> = defineOperation({
  name: 'rate-limiter.in-flight',
  readOnly: true,
  keys: ({ key }) => [key],
  argv: () => [],
  lua: lua`
    -- KEYS[1] ids that have a slot, by the ms since 1970 when their lease ends   replies how many have not ended
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    return redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', now), '+inf')`,
  memory: (view, [slots]) => view.zRangeByScore(slots, view.nowMs() + 1, Infinity).length,
  reply: (count) => count,
})
