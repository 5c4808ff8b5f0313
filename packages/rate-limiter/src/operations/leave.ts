import { defineOperation, lua, type Operation } from '@sluice/core/extend'

/** Gives slots back, these and no others. Those that are gone already are fine. */
export const leave: Operation<{ key: string; ids: readonly string[] }, void> = defineOperation({
  name: 'rate-limiter.leave',
  keys: ({ key }) => [key],
  argv: ({ ids }) => ids,
  lua: lua`
    -- KEYS[1] ids that have a slot   ARGV ids   replies 0   what is left keeps its ttl
    for i = 1, #ARGV do redis.call('ZREM', KEYS[1], ARGV[i]) end
    return 0`,
  memory: (view, [slots], ids) => {
    view.zRem(slots, ...ids)
    return 0
  },
  reply: () => undefined,
})
