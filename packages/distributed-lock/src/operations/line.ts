import { lua } from '@sluice/core/extend'

/** The keys of one lock, in one Cluster slot: the lock, and the line of those who wait for it. */
export type LockKeys = readonly [lock: string, line: string]

/** How long a lease lives that was handed to a waiter, until the waiter confirms that it is there. */
export const handOverMs = 2000

/** How long a place in the line is kept for a waiter that is not heard of. */
export const placeMs = 12_000

/** How much longer than asked for a lock is remembered, so that its expiry need not be moved by every holder. */
export const slackMs = 3_600_000

/** The keys of a lock. */
export function lockKeys(key: string): LockKeys {
  return [key, `${key}:line`]
}

/**
 * What a script begins with, with `leaseLua` and `lineLua` the twin of open-lock.ts. One algorithm serves all kinds of locks: a holder has `units` of a
 * capacity that each asker states for itself, and nobody is served before those who came earlier.
 *
 * KEYS[1], a hash: by token `<end> <units> <fence>`; `used`, the units of all; `first`, no later than the first end; `fence`,
 * the last one given; `kept`, how long the key lives; `line` while there may be a line. Only `fence` and `kept` stay.
 * KEYS[2], a hash: by ticket `<token> <heard of until> <units> <capacity> <ttl> <channel>`, by token its ticket; `head` and
 * `tail`, the next and the last ticket. A ticket that is not there was given back.
 * ARGV[1] is how long the fence is remembered, in ms; ARGV[2] a token, where the script is about one.
 *
 * Ends are ms of the server's clock, compared here: holders share a key, whose expiry says nothing of theirs.
 */
export const stateLua: string = lua`
  local lock, line, retention = KEYS[1], KEYS[2], tonumber(ARGV[1])
  local time = redis.call('TIME')
  local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
  local now = math.floor(micros / 1000)
  local state = redis.call('HMGET', lock, 'used', 'first', 'fence', 'kept', 'line', ARGV[2])
  local used, first, kept = tonumber(state[1] or 0), tonumber(state[2] or 0), tonumber(state[4] or 0)
  local fence, lined = state[3] or '0', state[5]`

/** What every script but the shortest way through `acquire` goes on with. */
export const leaseLua: string = lua`
  local function write(token, ends, units, own, ttl)
    local record, least = ends .. ' ' .. units .. ' ' .. own, now + ttl + retention
    if kept >= least then
      redis.call('HSET', lock, token, record, 'used', used, 'first', first, 'fence', fence)
    else
      kept = least + ${String(slackMs)}
      redis.call('HSET', lock, token, record, 'used', used, 'first', first, 'fence', fence, 'kept', kept)
      redis.call('PEXPIRE', lock, kept - now)
    end
    return own
  end
  local function grant(token, units, ttl)
    fence = string.format('%.0f', math.max(tonumber(fence) + 1, micros))
    local ends = now + ttl
    first = used > 0 and math.min(first, ends) or ends
    used = used + units
    return write(token, ends, units, fence, ttl)
  end
  local function keep(token, record, ttl)
    if not record then return nil end
    local before, units, own = string.match(record, '^(%d+) (%d+) (%d+)$')
    if tonumber(before) <= now then return nil end
    local ends = math.max(tonumber(before), now + ttl)
    if tonumber(units) == used then first = ends end
    return write(token, ends, units, own, ttl)
  end`

/** Both. */
export const lockLua: string = `${stateLua}\n${leaseLua}`

/** What scripts go on with where one holder alone and no line is not all there is. */
export const lineLua: string = lua`
  local function prune()
    if used == 0 or first > now then return end
    local all = redis.call('HGETALL', lock)
    used, first = 0, math.huge
    for at = 1, #all, 2 do
      local ends, units = string.match(all[at + 1], '^(%d+) (%d+) %d+$')
      ends = tonumber(ends)
      if ends and ends > now then
        used, first = used + tonumber(units), math.min(first, ends)
      elseif ends then
        redis.call('HDEL', lock, all[at])
      end
    end
    if used == 0 then redis.call('HDEL', lock, 'used', 'first')
    else redis.call('HSET', lock, 'used', used, 'first', first) end
  end
  local function stay(ticket)
    local place = redis.call('HGET', line, ticket)
    local token, rest = string.match(place, '^(%S+) %d+ (.*)$')
    redis.call('HSET', line, ticket, token .. ' ' .. (now + ${String(placeMs)}) .. ' ' .. rest)
    redis.call('PEXPIRE', line, ${String(placeMs)})
  end
  local function serve()
    if not lined then return 1 end
    local tickets = redis.call('HMGET', line, 'head', 'tail')
    local head, tail = tonumber(tickets[1] or 1), tonumber(tickets[2] or 0)
    local start = head
    while head <= tail do
      local place = redis.call('HGET', line, head)
      if place then
        local token, heard, units, capacity, ttl, channel = string.match(
          place, '^(%S+) (%d+) (%d+) (%d+) (%d+) (.*)$')
        if tonumber(heard) > now then
          if used + tonumber(units) > tonumber(capacity) then break end
          grant(token, tonumber(units), math.min(tonumber(ttl), ${String(handOverMs)}))
          redis.pcall('PUBLISH', channel, token)
        end
        redis.call('HDEL', line, head, token)
      end
      head = head + 1
    end
    if head > tail then
      redis.call('DEL', line)
      redis.call('HDEL', lock, 'line')
      lined = false
    elseif head > start then
      redis.call('HSET', line, 'head', head)
    end
    return head
  end
  local function untilFirst()
    return used > 0 and math.max(0, first - now) or 0
  end`
