import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { leaseLua, lineLua, lockKeys, placeMs, stateLua } from './line.ts'
import { grant, keep, prune, serve, stay, untilFirst, openLock } from './open-lock.ts'

/** One request for a lease. Asking again with the same token never takes a second one. */
export interface Claim {
  readonly key: string
  readonly token: string
  readonly ttlMs: number
  /** How many units of the capacity the lease takes. A mutex has one of one. */
  readonly units: number
  readonly capacity: number
  /** How long the last fence is remembered after the end of the lease that it was given with. */
  readonly retentionMs: number
}

/** What `acquire` is asked. */
export interface Request extends Claim {
  /** Where a waiter is told that it has been served; absent where nobody waits. */
  readonly channel?: string
}

/** What `acquire` answers. */
export type Answer =
  | { readonly granted: true; readonly fence: number }
  | {
      readonly granted: false
      /** Ms until a lease may end, unless it is renewed. */
      readonly remainingMs: number
      /** True for the waiter that is served next. */
      readonly isNext: boolean
    }

/**
 * Takes a lease when the units are free and nobody waits for them; else, with a channel, takes a place in the line. A
 * token that already has a lease gets the same fence and a full ttl again, and one that has a place keeps it: a caller
 * that never heard the reply may ask once more, and a waiter that was told of its lease confirms it so.
 */
export const acquire: Operation<Request, Answer> = defineOperation({
  name: 'distributed-lock.acquire',
  keys: ({ key }) => lockKeys(key),
  argv: ({ retentionMs, token, ttlMs, units, capacity, channel = '' }) => [
    retentionMs,
    token,
    ttlMs,
    units,
    capacity,
    channel,
  ],
  lua: lua`
    -- KEYS[1] lock   KEYS[2] line
    -- ARGV[1] retention of the fence in ms   ARGV[2] token   ARGV[3] ttl of the lease in ms   ARGV[4] units
    -- ARGV[5] capacity   ARGV[6] channel of the waiter, or ''
    -- replies { 1, fence as text } or { 0, ms until a lease may end, 1 for the waiter that is next }
    ${stateLua}
    -- A free lock that nobody waits for, known for long enough: what grant() would do, and nothing else.
    if used == 0 and not lined and kept >= now + ARGV[3] + retention then
      fence = string.format('%.0f', math.max(fence + 1, micros))
      local ends = string.format('%.0f', now + ARGV[3])
      redis.call('HSET', lock, ARGV[2], ends .. ' ' .. ARGV[4] .. ' ' .. fence,
        'used', ARGV[4], 'first', ends, 'fence', fence)
      return { 1, fence }
    end
    ${leaseLua}
    local token, ttl, units = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
    local own = keep(token, state[6], ttl)
    if own then return { 1, own } end
    if used == 0 and not lined then return { 1, grant(token, units, ttl) } end
    ${lineLua}
    prune()
    local ticket = lined and redis.call('HGET', line, token)
    if ticket then stay(ticket) end
    local head = serve()
    own = ticket and keep(token, redis.call('HGET', lock, token), ttl)
    if own then return { 1, own } end
    if not lined and used + units <= tonumber(ARGV[5]) then return { 1, grant(token, units, ttl) } end
    if ARGV[6] == '' then return { 0, untilFirst(), 0 } end
    if not ticket then
      ticket = redis.call('HINCRBY', line, 'tail', 1)
      local place = { token, now + ${String(placeMs)}, ARGV[4], ARGV[5], ARGV[3], ARGV[6] }
      redis.call('HSET', line, ticket, table.concat(place, ' '), token, ticket)
      redis.call('PEXPIRE', line, ${String(placeMs)})
      if not lined then redis.call('HSET', lock, 'line', 1) end
    end
    return { 0, untilFirst(), tonumber(ticket) == head and 1 or 0 }`,
  memory: (view, keys, [retentionMs, token, ttlMs, units, capacity, channel]) => {
    const [lock, line] = keys
    const open = openLock(view, keys, retentionMs)
    const kept = keep(open, token, ttlMs)
    if (kept !== undefined) return [1, kept]
    prune(open)
    let ticket = open.lined ? view.hGet(line, token) : null
    if (ticket !== null) stay(open, ticket)
    const head = serve(open)
    const served = ticket === null ? undefined : keep(open, token, ttlMs)
    if (served !== undefined) return [1, served]
    if (!open.lined && open.used + units <= capacity) {
      return [1, grant(open, token, units, ttlMs)]
    }
    if (channel === '') return [0, untilFirst(open), 0]
    if (ticket === null) {
      ticket = String(view.hIncrBy(line, 'tail', 1))
      const place = [token, view.nowMs() + placeMs, units, capacity, ttlMs, channel]
      view.hSet(line, ticket, place.join(' '), token, ticket)
      view.pExpire(line, placeMs)
      if (!open.lined) view.hSet(lock, 'line', 1)
    }
    return [0, untilFirst(open), Number(ticket) === head ? 1 : 0]
  },
  reply: ([granted, detail, next]): Answer =>
    granted === 1
      ? { granted: true, fence: Number(detail) }
      : { granted: false, remainingMs: Number(detail), isNext: next === 1 },
})
