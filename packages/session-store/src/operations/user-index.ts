import { defineOperation, lua, type Operation } from '@sluice/core/extend'

// The index of a user's sessions: a sorted set of session ids by absolute deadline, which never moves, so that using a
// session costs the index nothing. It is a hint: whoever reads it looks at the records.

/** Where a user's index is, and the mark of when all of the user's sessions were ended last. */
export interface IndexKeys {
  readonly key: string
  readonly markKey: string
}

/** What `indexAdd` is given. */
export interface IndexAddArgs extends IndexKeys {
  readonly id: string
  readonly absoluteEndMs: number
  /** When the session's record says that the user signed in. */
  readonly signedInAtMs: number
  /** No more than this many are listed; 0 for any number. */
  readonly most: number
}

/**
 * Adds a session, drops those past their deadline, and lets the index live as long as its longest session. Refuses one that
 * was signed in before all were ended: its record was not yet listed then, and must end now. Answers how many are in it, or that there is no room.
 */
export const indexAdd: Operation<IndexAddArgs, number | 'revoked' | 'full'> = defineOperation({
  name: 'session-store.index-add',
  keys: ({ key, markKey }) => [key, markKey],
  argv: ({ id, absoluteEndMs, signedInAtMs, most }) => [id, absoluteEndMs, signedInAtMs, most],
  lua: lua`
    -- KEYS[1] index   KEYS[2] when all were ended last, ms   ARGV[1] session id   ARGV[2] its absolute deadline, ms
    -- ARGV[3] when the user signed in, ms   ARGV[4] how many may be in it, 0 for any number
    -- replies how many are in it, -1 when the session must end, -2 when there is no room
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    if tonumber(ARGV[3]) < tonumber(redis.call('GET', KEYS[2]) or 0) then return -1 end
    redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now)
    local most = tonumber(ARGV[4])
    if most > 0 and redis.call('ZCARD', KEYS[1]) >= most and not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return -2 end
    if tonumber(ARGV[2]) > now then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1]) end
    local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
    if last[2] then redis.call('PEXPIRE', KEYS[1], tonumber(last[2]) - now) end
    return redis.call('ZCARD', KEYS[1])`,
  memory: (view, [key, markKey], [id, absoluteEndMs, signedInAtMs, most]) => {
    if (signedInAtMs < Number(view.get(markKey) ?? 0)) return -1
    view.zRemRangeByScore(key, 0, view.nowMs())
    if (most > 0 && view.zCard(key) >= most && view.zScore(key, id) === null) return -2
    if (absoluteEndMs > view.nowMs()) view.zAdd(key, absoluteEndMs, id)
    const [last] = view.zRange(key, -1, -1)
    if (last !== undefined) view.pExpire(key, Number(view.zScore(key, last)) - view.nowMs())
    return view.zCard(key)
  },
  reply: (count) => (count === -1 ? 'revoked' : count === -2 ? 'full' : count),
})

/** Marks that all sessions that were signed in until now have ended, and answers which they are. */
export const indexRevoke: Operation<IndexKeys & { readonly markMs: number }, readonly string[]> =
  defineOperation({
    name: 'session-store.index-revoke',
    keys: ({ key, markKey }) => [key, markKey],
    argv: ({ markMs }) => [markMs],
    lua: lua`
    -- KEYS[1] index   KEYS[2] when all were ended last, ms   ARGV[1] ms to keep that mark   replies the session ids
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    redis.call('SET', KEYS[2], string.format('%.0f', now), 'PX', ARGV[1])
    return redis.call('ZRANGE', KEYS[1], 0, -1)`,
    memory: (view, [key, markKey], [markMs]) => {
      view.set(markKey, String(view.nowMs()), markMs)
      return view.zRange(key, 0, -1)
    },
    reply: (ids) => ids,
  })

/** The ids in the index, after dropping those past their deadline. */
export const indexRead: Operation<{ key: string }, readonly string[]> = defineOperation({
  name: 'session-store.index-read',
  keys: ({ key }) => [key],
  argv: () => [],
  lua: lua`
    -- KEYS[1] index   replies the session ids. It writes nothing that needs a ttl: it only drops members.
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now)
    return redis.call('ZRANGE', KEYS[1], 0, -1)`,
  memory: (view, [key]) => {
    view.zRemRangeByScore(key, 0, view.nowMs())
    return view.zRange(key, 0, -1)
  },
  reply: (ids) => ids,
})

/** Takes sessions out of the index and answers how many were in it. */
export const indexRemove: Operation<{ key: string; ids: readonly string[] }, number> =
  defineOperation({
    name: 'session-store.index-remove',
    keys: ({ key }) => [key],
    argv: ({ ids }) => ids,
    lua: lua`
    -- KEYS[1] index   ARGV session ids   replies how many were in it. It only drops members: the ttl stays.
    local gone = 0
    for at = 1, #ARGV do gone = gone + redis.call('ZREM', KEYS[1], ARGV[at]) end
    return gone`,
    memory: (view, [key], ids) => view.zRem(key, ...ids),
    reply: (gone) => gone,
  })
