import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { fingerprint, placeholderHead } from '../placeholder.ts'

/** What was under the key of an entry. */
export type Claimed =
  /** Nothing: the placeholder is there now. */
  | { readonly kind: 'planted' }
  /** Somebody else's placeholder, which lives that long unless it is renewed. */
  | { readonly kind: 'placeholder'; readonly text: string; readonly remainingMs: number }
  /** Something to replace: what it was, by its fingerprint. */
  | { readonly kind: 'payload'; readonly fingerprint: string }

/**
 * Puts a placeholder where nothing is, and tells what is there otherwise. Whatever removes or replaces it, be it a delete, a
 * clear or another program, takes the right to write from those who loaded under it.
 */
export const claim: Operation<{ key: string; placeholder: string; leaseMs: number }, Claimed> =
  defineOperation({
    name: 'stampede-guard.claim',
    keys: ({ key }) => [key],
    argv: ({ placeholder, leaseMs }) => [placeholder, leaseMs, placeholderHead],
    lua: lua`
    -- KEYS[1] entry   ARGV[1] placeholder   ARGV[2] its ttl in ms   ARGV[3] how each placeholder begins
    -- replies { 1 } when it is there now, { 0, another placeholder, its ttl in ms } or { 2, fingerprint of a payload, 0 }
    local found = redis.call('GET', KEYS[1])
    if not found or found == ARGV[1] then
      redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
      return { 1, '', 0 }
    end
    if string.sub(found, 1, #ARGV[3]) == ARGV[3] then return { 0, found, redis.call('PTTL', KEYS[1]) } end
    return { 2, redis.sha1hex(found), 0 }`,
    memory: (view, [key], [placeholder, leaseMs, head]) => {
      const found = view.getPayload(key)
      if (found === null || found === placeholder) {
        view.set(key, placeholder, leaseMs)
        return [1, '', 0]
      }
      if (typeof found === 'string' && found.startsWith(head)) return [0, found, view.pTtl(key)]
      return [2, fingerprint(found), 0]
    },
    reply: ([kind, text, remainingMs]): Claimed => {
      if (kind === 1) return { kind: 'planted' }
      return kind === 0
        ? { kind: 'placeholder', text: String(text), remainingMs: Number(remainingMs) }
        : { kind: 'payload', fingerprint: String(text) }
    },
  })

/** What `fill` is given. */
export interface Fill {
  readonly key: string
  /** What must still be there. */
  readonly fingerprint: string
  readonly payload: string | Buffer
  readonly ttlMs: number
  readonly channel: string
  readonly message: string
}

/** Writes an entry where nothing has changed since its load began, and tells who waits for it. True when it wrote. */
export const fill: Operation<Fill, boolean> = defineOperation({
  name: 'stampede-guard.fill',
  keys: ({ key }) => [key],
  argv: ({ fingerprint: before, payload, ttlMs, channel, message }) => [
    before,
    payload,
    ttlMs,
    channel,
    message,
  ],
  lua: lua`
    -- KEYS[1] entry   ARGV[1] fingerprint of what must be there   ARGV[2] payload   ARGV[3] ttl in ms
    -- ARGV[4] channel   ARGV[5] message   replies 1 when written, else 0
    local found = redis.call('GET', KEYS[1])
    if not found or redis.sha1hex(found) ~= ARGV[1] then return 0 end
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    redis.pcall('PUBLISH', ARGV[4], ARGV[5])
    return 1`,
  memory: (view, [key], [before, payload, ttlMs, channel, message]) => {
    const found = view.getPayload(key)
    if (found === null || fingerprint(found) !== before) return 0
    view.set(key, payload, ttlMs)
    view.publish(channel, message)
    return 1
  },
  reply: (written) => written === 1,
})

/** What a refresh finds when it asks whether it is the only one. */
export type Marked =
  | { readonly kind: 'granted' }
  /** Somebody refreshes the same entry, or has just done so; that lasts so long unless it is renewed. */
  | { readonly kind: 'busy'; readonly remainingMs: number }
  /** Somebody has failed to, which counts for so long. */
  | { readonly kind: 'failed'; readonly remainingMs: number }

/** What `mark` is given. */
export interface Marking {
  readonly key: string
  /** Of the payload. */
  readonly fingerprint: string
  readonly token: string
  readonly leaseMs: number
  /** True to try again, though somebody has just failed. */
  readonly again: boolean
}

/** Grants one refresh of one payload: what is marked for another payload is out of date. */
export const mark: Operation<Marking, Marked> = defineOperation({
  name: 'stampede-guard.mark',
  keys: ({ key }) => [key],
  argv: ({ fingerprint: payload, token, leaseMs, again }) => [
    payload,
    token,
    leaseMs,
    again ? 1 : 0,
  ],
  lua: lua`
    -- KEYS[1] mark of an entry: fingerprint:token, or :done or :failed in place of the token
    -- ARGV[1] fingerprint of the payload   ARGV[2] token   ARGV[3] lease in ms   ARGV[4] 1 to try again after a failure
    -- replies { 1, 0 } when granted, { 0, ms } while somebody has it, or { 2, ms } when somebody has failed
    local found = redis.call('GET', KEYS[1])
    local own = ARGV[1] .. ':' .. ARGV[2]
    local failed = found == ARGV[1] .. ':failed'
    local isFree = not found or found == own or (failed and ARGV[4] == '1')
    if not isFree and string.sub(found, 1, #ARGV[1] + 1) == ARGV[1] .. ':' then
      return { failed and 2 or 0, redis.call('PTTL', KEYS[1]) }
    end
    redis.call('SET', KEYS[1], own, 'PX', ARGV[3])
    return { 1, 0 }`,
  memory: (view, [key], [payload, token, leaseMs, again]) => {
    const found = view.get(key)
    const own = `${payload}:${token}`
    const failed = found === `${payload}:failed`
    const isFree = found === null || found === own || (failed && again === 1)
    if (!isFree && found.startsWith(`${payload}:`)) return [failed ? 2 : 0, view.pTtl(key)]
    view.set(key, own, leaseMs)
    return [1, 0]
  },
  reply: ([kind, remainingMs]): Marked =>
    kind === 1
      ? { kind: 'granted' }
      : { kind: kind === 2 ? 'failed' : 'busy', remainingMs: Number(remainingMs) },
})

/** Gives a placeholder or a mark another lease, if it still is there. True when it was. */
export const renew: Operation<{ key: string; text: string; leaseMs: number }, boolean> =
  defineOperation({
    name: 'stampede-guard.renew',
    keys: ({ key }) => [key],
    argv: ({ text, leaseMs }) => [text, leaseMs],
    lua: lua`
    -- KEYS[1] entry or mark   ARGV[1] what must be there   ARGV[2] lease in ms   replies 1 when it was, else 0
    if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    return redis.call('PEXPIRE', KEYS[1], ARGV[2])`,
    memory: (view, [key], [text, leaseMs]) =>
      view.getPayload(key) === text ? view.pExpire(key, leaseMs) : 0,
    reply: (renewed) => renewed === 1,
  })

/** What `settle` is given. */
export interface Settlement {
  readonly key: string
  /** What must be there. */
  readonly text: string
  /** What replaces it; `''` for nothing. */
  readonly next: string
  /** For how long. */
  readonly ttlMs: number
  readonly channel: string
  /** `''` for none. */
  readonly message: string
}

/** Ends a placeholder or a mark, if it still is there, and tells who waits. True when it was. */
export const settle: Operation<Settlement, boolean> = defineOperation({
  name: 'stampede-guard.settle',
  keys: ({ key }) => [key],
  argv: ({ text, next, ttlMs, channel, message }) => [text, next, ttlMs, channel, message],
  lua: lua`
    -- KEYS[1] entry or mark   ARGV[1] what must be there   ARGV[2] what replaces it, or ''   ARGV[3] its ttl in ms
    -- ARGV[4] channel   ARGV[5] message, or ''   replies 1 when it was, else 0
    if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    if ARGV[2] == '' then redis.call('DEL', KEYS[1])
    else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
    if ARGV[5] ~= '' then redis.pcall('PUBLISH', ARGV[4], ARGV[5]) end
    return 1`,
  memory: (view, [key], [text, next, ttlMs, channel, message]) => {
    if (view.getPayload(key) !== text) return 0
    if (next === '') view.del(key)
    else view.set(key, next, ttlMs)
    if (message !== '') view.publish(channel, message)
    return 1
  },
  reply: (settled) => settled === 1,
})
