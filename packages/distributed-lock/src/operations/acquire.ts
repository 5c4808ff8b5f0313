import { defineOperation, lua, type Operation } from '@sluice/core/extend'

/** One request for a lease. Asking again with the same token never takes a second one. */
export interface Claim {
  readonly key: string
  readonly token: string
  readonly ttlMs: number
}

/** How long the last fence is remembered after the end of the lease that it was given with. */
export const fenceRetentionMs: number = 7 * 24 * 60 * 60 * 1000

/** What `acquire` answers. */
export type Answer =
  | { readonly granted: true; readonly fence: number }
  /** `remainingMs`: until the holder's lease ends, unless it is renewed. */
  | { readonly granted: false; readonly remainingMs: number }

/**
 * Takes the lease when it is free. A token that already holds it gets the same fence and a full ttl again, so a caller
 * that never heard the reply may ask once more. The fence is above every earlier one: the clock keeps it rising even
 * where the last one was forgotten.
 */
export const acquire: Operation<Claim, Answer> = defineOperation({
  name: 'distributed-lock.acquire',
  keys: ({ key }) => [key, `${key}:fence`],
  argv: ({ token, ttlMs }) => [token, ttlMs, ttlMs + fenceRetentionMs],
  lua: lua`
    -- KEYS[1] lease   KEYS[2] last fence
    -- ARGV[1] token   ARGV[2] ttl of the lease in ms   ARGV[3] ttl of the fence in ms
    -- replies { 1, fence as text } or { 0, ms until the holder's lease ends }
    local holder = redis.call('GET', KEYS[1])
    if holder and holder ~= ARGV[1] then return { 0, redis.call('PTTL', KEYS[1]) } end
    local fence = redis.call('GET', KEYS[2])
    if not (holder and fence) then
      local time = redis.call('TIME')
      local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
      fence = string.format('%.0f', math.max(tonumber(fence or '0') + 1, micros))
    end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    redis.call('SET', KEYS[2], fence, 'PX', ARGV[3])
    return { 1, fence }`,
  memory: (view, [lease, lastFence], [token, ttlMs, fenceTtlMs]) => {
    const holder = view.get(lease)
    if (holder !== null && holder !== token) return [0, view.pTtl(lease)]
    const last = view.get(lastFence)
    const fence =
      holder !== null && last !== null
        ? last
        : String(Math.max(Number(last ?? 0) + 1, view.nowMs() * 1000))
    view.set(lease, token, ttlMs)
    view.set(lastFence, fence, fenceTtlMs)
    return [1, fence]
  },
  reply: ([granted, detail]): Answer =>
    granted === 1
      ? { granted: true, fence: Number(detail) }
      : // Without expiry it is not ours, and nobody knows when it ends.
        { granted: false, remainingMs: detail === -1 ? Number.POSITIVE_INFINITY : Number(detail) },
})
