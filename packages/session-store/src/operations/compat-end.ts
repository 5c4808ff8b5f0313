import { defineOperation, lua, type Operation } from '@sluice/core/extend'

/** Where the mark is that a session has ended: beside it, in its Cluster slot. */
export function endedKey(key: string): string {
  return `${key}:ended`
}

/** Deletes a session and leaves a mark for a while, so that it is not adopted again. True when it was there. */
export const compatEnd: Operation<{ key: string; markMs: number }, boolean> = defineOperation({
  name: 'session-store.compat-end',
  keys: ({ key }) => [key, endedKey(key)],
  argv: ({ markMs }) => [markMs],
  lua: lua`
    -- KEYS[1] session   KEYS[2] mark   ARGV[1] ttl of the mark in ms   replies how many sessions were deleted, 1 or 0
    redis.call('SET', KEYS[2], '', 'PX', ARGV[1])
    return redis.call('DEL', KEYS[1])`,
  memory: (view, [key, ended], [markMs]) => {
    view.set(ended, '', markMs)
    return view.del(key)
  },
  reply: (deleted) => deleted === 1,
})
