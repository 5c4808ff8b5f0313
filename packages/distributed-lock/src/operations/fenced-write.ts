import { defineOperation, lua, type Operation } from '@sluice/core/extend'

/** One write of a holder. */
export interface FencedWrite {
  readonly key: string
  readonly fence: number
  readonly text: string
  readonly ttlMs: number
}

/** Writes unless a holder with a higher fence has written. False, and nothing is changed, when one has. */
export const fencedWrite: Operation<FencedWrite, boolean> = defineOperation({
  name: 'distributed-lock.fencedWrite',
  keys: ({ key }) => [key],
  argv: ({ fence, text, ttlMs }) => [fence, text, ttlMs],
  lua: lua`
    -- KEYS[1], a hash: value; fence, the highest that wrote
    -- ARGV[1] fence   ARGV[2] value   ARGV[3] ttl in ms   replies 1 when it wrote, else 0
    local highest = redis.call('HGET', KEYS[1], 'fence')
    if highest and tonumber(highest) > tonumber(ARGV[1]) then return 0 end
    redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'value', ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    return 1`,
  memory: (view, [key], [fence, text, ttlMs]) => {
    if (Number(view.hGet(key, 'fence') ?? 0) > fence) return 0
    view.hSet(key, 'fence', fence, 'value', text)
    view.pExpire(key, ttlMs)
    return 1
  },
  reply: (wrote) => wrote === 1,
})
