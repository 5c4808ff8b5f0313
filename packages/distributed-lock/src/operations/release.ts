import { defineOperation, lua, type Operation } from '@sluice/core/extend'

/** Ends a lease. False, and nothing is deleted, when the token does not hold it. */
export const release: Operation<{ key: string; token: string }, boolean> = defineOperation({
  name: 'distributed-lock.release',
  keys: ({ key }) => [key],
  argv: ({ token }) => [token],
  lua: lua`
    -- KEYS[1] lease   ARGV[1] token   replies 1 when the token held the lease, else 0
    if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    return redis.call('DEL', KEYS[1])`,
  memory: (view, [lease], [token]) => (view.get(lease) === token ? view.del(lease) : 0),
  reply: (freed) => freed === 1,
})
