import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { fenceRetentionMs, type Claim } from './acquire.ts'

/** Gives a lease its full ttl again. False, and nothing is written, when the token no longer holds it. */
export const extend: Operation<Claim, boolean> = defineOperation({
  name: 'distributed-lock.extend',
  keys: ({ key }) => [key, `${key}:fence`],
  argv: ({ token, ttlMs }) => [token, ttlMs, ttlMs + fenceRetentionMs],
  lua: lua`
    -- KEYS[1] lease   KEYS[2] last fence
    -- ARGV[1] token   ARGV[2] ttl of the lease in ms   ARGV[3] ttl of the fence in ms
    -- replies 1 when the token holds the lease, else 0
    if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    redis.call('PEXPIRE', KEYS[2], ARGV[3])
    return 1`,
  memory: (view, [lease, lastFence], [token, ttlMs, fenceTtlMs]) => {
    if (view.get(lease) !== token) return 0
    view.pExpire(lease, ttlMs)
    view.pExpire(lastFence, fenceTtlMs)
    return 1
  },
  reply: (kept) => kept === 1,
})
