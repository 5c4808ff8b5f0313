import { defineOperation, lua, type Operation } from '../operation.ts'
import { samePayload, type Payload } from '../payload.ts'

/** Whether a live entry is there. */
export const exists: Operation<{ key: string }, boolean> = defineOperation({
  name: 'core.exists',
  readOnly: true,
  keys: ({ key }) => [key],
  argv: () => [],
  lua: lua`
    -- KEYS[1] entry   replies 1 or 0
    return redis.call('EXISTS', KEYS[1])`,
  memory: (view, [key]) => view.exists(key),
  reply: (found) => found === 1,
})

/** Remaining ms, `Infinity` without expiry, `undefined` without the key. */
export const remaining: Operation<{ key: string }, number | undefined> = defineOperation({
  name: 'core.remaining',
  readOnly: true,
  keys: ({ key }) => [key],
  argv: () => [],
  lua: lua`
    -- KEYS[1] entry   replies ms, -1 without expiry, -2 without the key
    return redis.call('PTTL', KEYS[1])`,
  memory: (view, [key]) => view.pTtl(key),
  reply: (ms) => (ms === -2 ? undefined : ms === -1 ? Number.POSITIVE_INFINITY : ms),
})

/** Sets or takes off the expiry of a live entry: `ttlMs` 0 stands for none. True when the entry is there. */
export const expire: Operation<{ key: string; ttlMs: number }, boolean> = defineOperation({
  name: 'core.expire',
  keys: ({ key }) => [key],
  argv: ({ ttlMs }) => [ttlMs],
  lua: lua`
    -- KEYS[1] entry   ARGV[1] ttl in ms, 0 for none   replies 1 when the entry is there, else 0
    if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
    if ARGV[1] == '0' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
    return 1`,
  memory: (view, [key], [ttlMs]) => {
    if (view.exists(key) === 0) return 0
    if (ttlMs === 0) view.persist(key)
    else view.pExpire(key, ttlMs)
    return 1
  },
  reply: (found) => found === 1,
})

/** What `add` answers: the count, or why there is none. */
export type Sum =
  | { readonly ok: true; readonly count: number }
  | { readonly ok: false; readonly why: 'not-a-counter' | 'overflow' }

/**
 * Adds to a counter. A missing or expired one starts at 0 and gets `ttlMs` (0: none) in the same step; an existing one
 * keeps its expiry. Nothing changes when the entry is no integer or the sum would leave the safe integers.
 */
export const add: Operation<{ key: string; by: number; ttlMs: number }, Sum> = defineOperation({
  name: 'core.add',
  keys: ({ key }) => [key],
  argv: ({ by, ttlMs }) => [by, ttlMs],
  lua: lua`
    -- KEYS[1] counter   ARGV[1] what to add   ARGV[2] ttl in ms on creation, 0 for none
    -- replies { 1, count as text } or { 0, why }
    local text = redis.call('GET', KEYS[1])
    if not text then
      -- Without a ttl only where the caller and the cache set none.
      if ARGV[2] == '0' then redis.call('SET', KEYS[1], ARGV[1])
      else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
      return { 1, ARGV[1] }
    end
    if not string.find(text, '^%-?[1-9]%d*$') and text ~= '0' then return { 0, 'not-a-counter' } end
    local sum = tonumber(text) + tonumber(ARGV[1])
    if sum > 9007199254740991 or sum < -9007199254740991 then return { 0, 'overflow' } end
    redis.call('INCRBY', KEYS[1], ARGV[1])
    return { 1, redis.call('GET', KEYS[1]) }`,
  memory: (view, [key], [by, ttlMs]) => {
    const text = view.get(key)
    if (text === null) {
      view.set(key, by, ttlMs === 0 ? undefined : ttlMs)
      return [1, String(by)]
    }
    if (!/^(0|-?[1-9]\d*)$/.test(text)) return [0, 'not-a-counter']
    if (!Number.isSafeInteger(Number(text) + by)) return [0, 'overflow']
    return [1, String(view.incrBy(key, by))]
  },
  reply: ([ok, text]): Sum =>
    ok === 1
      ? { ok: true, count: Number(text) }
      : { ok: false, why: text === 'overflow' ? 'overflow' : 'not-a-counter' },
})

/** Replaces a payload by another only where it still is what the caller read; `undefined` stands for no entry. */
export interface SwapArgs {
  readonly key: string
  readonly expected: Payload | undefined
  readonly next: Payload | undefined
  /** For an entry that was not there, 0 for none; one that was keeps its expiry. */
  readonly ttlMs: number
}

/** Compare and swap on the encoded value: true when it was swapped. */
export const swap: Operation<SwapArgs, boolean> = defineOperation({
  name: 'core.swap',
  keys: ({ key }) => [key],
  argv: ({ expected, next, ttlMs }) => [
    expected === undefined ? 0 : 1,
    expected ?? '',
    next === undefined ? 0 : 1,
    next ?? '',
    ttlMs,
  ],
  lua: lua`
    -- KEYS[1] entry   ARGV[1] 1 when one is expected   ARGV[2] its payload
    -- ARGV[3] 1 to write, 0 to delete   ARGV[4] the new payload   ARGV[5] ttl in ms on creation, 0 for none
    -- replies 1 when swapped, else 0
    local found = redis.call('GET', KEYS[1])
    if ARGV[1] == '0' then
      if found then return 0 end
    elseif found ~= ARGV[2] then return 0 end
    if ARGV[3] == '0' then redis.call('DEL', KEYS[1])
    elseif found then redis.call('SET', KEYS[1], ARGV[4], 'KEEPTTL')
    -- Without a ttl only where the caller and the cache set none.
    elseif ARGV[5] == '0' then redis.call('SET', KEYS[1], ARGV[4])
    else redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5]) end
    return 1`,
  memory: (view, [key], [isExpected, expected, writes, next, ttlMs]) => {
    const found = view.getPayload(key)
    if (isExpected === 0 ? found !== null : found === null || !samePayload(found, expected))
      return 0
    if (writes === 0) view.del(key)
    else if (found !== null) view.setKeepTtl(key, next)
    else view.set(key, next, ttlMs === 0 ? undefined : ttlMs)
    return 1
  },
  reply: (swapped) => swapped === 1,
})

/** What `replace` is given. */
export interface ReplaceArgs {
  readonly key: string
  readonly payload: Payload
  /** True leaves an absent entry absent. */
  readonly present: boolean
  /** For an entry that was not there, 0 for none. */
  readonly ttlMs: number
}

/** Writes and keeps the expiry of what was there; a new entry gets `ttlMs` in the same step. True when it wrote. */
export const replace: Operation<ReplaceArgs, boolean> = defineOperation({
  name: 'core.replace',
  keys: ({ key }) => [key],
  argv: ({ payload, present, ttlMs }) => [payload, present ? 1 : 0, ttlMs],
  lua: lua`
    -- KEYS[1] entry   ARGV[1] payload   ARGV[2] 1 to write only over an entry   ARGV[3] ttl in ms on creation, 0 for none
    -- replies 1 when written, else 0
    if redis.call('EXISTS', KEYS[1]) == 1 then
      redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL')
      return 1
    end
    if ARGV[2] == '1' then return 0 end
    -- Without a ttl only where the caller and the cache set none.
    if ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[1])
    else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3]) end
    return 1`,
  memory: (view, [key], [payload, present, ttlMs]) => {
    if (view.exists(key) === 1) view.setKeepTtl(key, payload)
    else if (present === 1) return 0
    else view.set(key, payload, ttlMs === 0 ? undefined : ttlMs)
    return 1
  },
  reply: (written) => written === 1,
})

/** Reads and deletes in one step. */
export const take: Operation<{ key: string }, Payload | undefined> = defineOperation({
  name: 'core.take',
  keys: ({ key }) => [key],
  argv: () => [],
  lua: lua`
    -- KEYS[1] entry   replies its payload, or nil
    return redis.call('GETDEL', KEYS[1])`,
  memory: (view, [key]) => {
    const found = view.getPayload(key)
    view.del(key)
    return found
  },
  reply: (found) => found ?? undefined,
})
