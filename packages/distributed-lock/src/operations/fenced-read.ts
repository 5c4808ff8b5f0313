import { defineOperation, lua, type Operation } from '@sluice/core/extend'

/** The value that was written last; `undefined` when there is none. */
export const fencedRead: Operation<{ key: string }, string | undefined> = defineOperation({
  name: 'distributed-lock.fencedRead',
  readOnly: true,
  keys: ({ key }) => [key],
  argv: () => [],
  lua: lua`
    -- KEYS[1], a hash   replies its value or nil
    return redis.call('HGET', KEYS[1], 'value')`,
  memory: (view, [key]) => view.hGet(key, 'value'),
  reply: (text) => text ?? undefined,
})
