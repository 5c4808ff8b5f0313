import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { lineLua, lockKeys, lockLua } from './line.ts'
import { free, leasesOf, prune, serve, openLock } from './open-lock.ts'

/** Ends the leases of all holders, serves who is next, and answers how many leases were ended. */
export const forceRelease: Operation<{ key: string; retentionMs: number }, number> =
  defineOperation({
    name: 'distributed-lock.forceRelease',
    keys: ({ key }) => lockKeys(key),
    argv: ({ retentionMs }) => [retentionMs, ''],
    lua: lua`
      -- KEYS[1] lock   KEYS[2] line   ARGV[1] retention of the fence in ms   ARGV[2] ''   replies how many leases ended
      ${lockLua}
      ${lineLua}
      prune()
      local all, ended = redis.call('HGETALL', lock), 0
      for at = 1, #all, 2 do
        if string.find(all[at + 1], '^%d+ %d+ %d+$') then
          redis.call('HDEL', lock, all[at])
          ended = ended + 1
        end
      end
      if ended > 0 then redis.call('HDEL', lock, 'used', 'first') end
      used = 0
      serve()
      return ended`,
    memory: (view, keys, [retentionMs]) => {
      const open = openLock(view, keys, retentionMs)
      prune(open)
      const ended = leasesOf(open)
      for (const [token] of ended) free(open, token)
      serve(open)
      return ended.length
    },
    reply: (ended) => ended,
  })
