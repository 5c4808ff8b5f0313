import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { readHead, readHeadLua } from '../record.ts'

/** Deletes a record. Answers whose it was (`''`: nobody's), or `undefined` when there was none. */
export const destroy: Operation<{ key: string }, string | undefined> = defineOperation({
  name: 'session-store.destroy',
  keys: ({ key }) => [key],
  argv: () => [],
  lua: lua`
    -- KEYS[1] record   replies { user, '' for nobody }, or {} without a live record
    ${readHeadLua}
    if not secret then return {} end
    redis.call('DEL', KEYS[1])
    return { user }`,
  memory: (view, [key]) => {
    const head = readHead(view, key)
    if (head === undefined) return []
    view.del(key)
    return [head.user]
  },
  reply: ([user]) => user,
})
