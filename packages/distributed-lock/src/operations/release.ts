import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import type { Claim } from './acquire.ts'
import { lineLua, lockKeys, lockLua } from './line.ts'
import { free, prune, serve, openLock } from './open-lock.ts'

/** Whose lease or place ends. */
export type Leaving = Pick<Claim, 'key' | 'token' | 'retentionMs'>

/** Ends a token's lease, or gives its place in the line back, and serves who is next. False when it held no lease. */
export const release: Operation<Leaving, boolean> = defineOperation({
  name: 'distributed-lock.release',
  keys: ({ key }) => lockKeys(key),
  argv: ({ retentionMs, token }) => [retentionMs, token],
  lua: lua`
    -- KEYS[1] lock   KEYS[2] line
    -- ARGV[1] retention of the fence in ms   ARGV[2] token   replies 1 when the token held a lease, else 0
    local found = redis.call('HMGET', KEYS[1], ARGV[2], 'used', 'line')
    local units = found[1] and string.match(found[1], '^%d+ (%d+) ')
    if not found[3] then
      if not units then return 0 end
      if units == found[2] then
        redis.call('HDEL', KEYS[1], ARGV[2], 'used', 'first')
        return 1
      end
    end
    ${lockLua}
    ${lineLua}
    if units then
      used = used - tonumber(units)
      redis.call('HDEL', lock, ARGV[2])
      if used == 0 then redis.call('HDEL', lock, 'used', 'first')
      else redis.call('HSET', lock, 'used', used) end
    end
    prune()
    local ticket = lined and redis.call('HGET', line, ARGV[2])
    if ticket then redis.call('HDEL', line, ARGV[2], ticket) end
    serve()
    return units and 1 or 0`,
  memory: (view, keys, [retentionMs, token]) => {
    const [, line] = keys
    const open = openLock(view, keys, retentionMs)
    const freed = free(open, token)
    if (!open.lined) {
      if (open.used > 0 && freed === 1) prune(open)
      return freed
    }
    prune(open)
    const ticket = view.hGet(line, token)
    if (ticket !== null) view.hDel(line, token, ticket)
    serve(open)
    return freed
  },
  reply: (freed) => freed === 1,
})
