import { defineOperation, lua, type Operation } from '@sluice/core/extend'

/** How many hits a key has had, and until when they count. */
export interface Hits {
  readonly count: number
  /** Ms until it starts anew; `undefined` where nobody knows. */
  readonly leftMs: number | undefined
}

/**
 * Counts one hit. The window begins with the first one and is never moved; a count that has lost its ttl is of nobody knows
 * when, and starts anew.
 */
export const hit: Operation<{ key: string; windowMs: number }, Hits> = defineOperation({
  name: 'rate-limiter.hit',
  keys: ({ key }) => [key],
  argv: ({ windowMs }) => [windowMs],
  lua: lua`
    -- KEYS[1] count   ARGV[1] window in ms   replies { count, ms until it starts anew }
    -- The ttl is read first: a count that ends within this ms is over, and must not be given another window.
    local left = redis.call('PTTL', KEYS[1])
    if left > 0 then return { redis.call('INCR', KEYS[1]), left } end
    redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
    return { 1, tonumber(ARGV[1]) }`,
  memory: (view, [key], [windowMs]) => {
    const left = view.pTtl(key)
    if (left > 0) return [view.incrBy(key, 1), left]
    view.set(key, 1, windowMs)
    return [1, windowMs]
  },
  reply: ([count, leftMs]) => ({ count: Number(count), leftMs }),
})
