import { defineOperation, lua, type Operation } from '@sluice/core/extend'

// The index of a user's sessions: a sorted set of session ids by absolute deadline, which never moves, so that using a
// session costs the index nothing. It is a hint: whoever reads it looks at the records.

/** Adds a session, drops those past their deadline, and lets the index live as long as its longest session. */
export const indexAdd: Operation<{ key: string; id: string; absoluteEndMs: number }, number> =
  defineOperation({
    name: 'session-store.index-add',
    keys: ({ key }) => [key],
    argv: ({ id, absoluteEndMs }) => [id, absoluteEndMs],
    lua: lua`
    -- KEYS[1] index   ARGV[1] session id   ARGV[2] its absolute deadline, ms   replies how many are in it
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now)
    if tonumber(ARGV[2]) > now then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1]) end
    local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
    if last[2] then redis.call('PEXPIRE', KEYS[1], tonumber(last[2]) - now) end
    return redis.call('ZCARD', KEYS[1])`,
    memory: (view, [key], [id, absoluteEndMs]) => {
      view.zRemRangeByScore(key, 0, view.nowMs())
      if (absoluteEndMs > view.nowMs()) view.zAdd(key, absoluteEndMs, id)
      const [last] = view.zRange(key, -1, -1)
      if (last !== undefined) view.pExpire(key, Number(view.zScore(key, last)) - view.nowMs())
      return view.zCard(key)
    },
    reply: (count) => count,
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
