import { defineOperation, lua, type Operation } from '@sluice/core/extend'

/** Takes one hit back. Without a count, or at 0, nothing happens: no key is made, and none goes below 0. */
export const unhit: Operation<{ key: string }, void> = defineOperation({
  name: 'rate-limiter.unhit',
  keys: ({ key }) => [key],
  argv: () => [],
  lua: lua`
    -- KEYS[1] count   replies 0   DECR keeps the ttl
    if tonumber(redis.call('GET', KEYS[1]) or 0) > 0 then redis.call('DECR', KEYS[1]) end
    return 0`,
  memory: (view, [key]) => {
    if (Number(view.get(key) ?? 0) > 0) view.incrBy(key, -1)
    return 0
  },
  reply: () => undefined,
})
