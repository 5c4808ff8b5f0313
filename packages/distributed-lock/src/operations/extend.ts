import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import type { Claim } from './acquire.ts'
import { lineLua, lockKeys, lockLua } from './line.ts'
import { keep, prune, serve, openLock } from './open-lock.ts'

/** Which lease gets which ttl. */
export type Extension = Pick<Claim, 'key' | 'token' | 'ttlMs' | 'retentionMs'>

/**
 * Gives a lease that ttl from now on, unless it has more: a request that comes late, after a longer one, cannot cut short
 * what the holder counts on. False, and the lease stays ended, when the token no longer holds it.
 */
export const extend: Operation<Extension, boolean> = defineOperation({
  name: 'distributed-lock.extend',
  keys: ({ key }) => lockKeys(key),
  argv: ({ retentionMs, token, ttlMs }) => [retentionMs, token, ttlMs],
  lua: lua`
    -- KEYS[1] lock   KEYS[2] line
    -- ARGV[1] retention of the fence in ms   ARGV[2] token   ARGV[3] ttl of the lease in ms
    -- replies 1 when the token holds a lease, else 0
    ${lockLua}
    local own = keep(ARGV[2], state[6], tonumber(ARGV[3]))
    if lined then
      ${lineLua}
      prune()
      serve()
    end
    return own and 1 or 0`,
  memory: (view, keys, [retentionMs, token, ttlMs]) => {
    const open = openLock(view, keys, retentionMs)
    const kept = keep(open, token, ttlMs)
    if (open.lined) {
      prune(open)
      serve(open)
    }
    return kept === undefined ? 0 : 1
  },
  reply: (kept) => kept === 1,
})
