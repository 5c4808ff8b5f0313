import { defineOperation, lua, type Operation } from '@sluice/core/extend'

/** Forgets what was taken. The keys share one Cluster slot; missing ones are fine. */
export const reset: Operation<{ keys: readonly string[] }, void> = defineOperation({
  name: 'rate-limiter.reset',
  keys: ({ keys }) => keys,
  argv: () => [],
  lua: lua`
    -- KEYS states of policies   replies 0
    redis.call('DEL', unpack(KEYS))
    return 0`,
  memory: (view, keys) => {
    for (const key of keys) view.del(key)
    return 0
  },
  reply: () => undefined,
})
