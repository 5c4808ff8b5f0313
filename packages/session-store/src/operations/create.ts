import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { fieldsOf, writeFields, writeFieldsLua, type Device, type Texts } from '../record.ts'

/** When a record was written and when it ends at the latest. */
export interface Lifetime {
  readonly nowMs: number
  readonly absoluteEndMs: number
}

/** What `create` is given. */
export interface CreateArgs {
  readonly key: string
  readonly secretHash: string
  /** `''` for nobody. */
  readonly user: string
  readonly idleMs: number
  readonly absoluteMs: number
  readonly device: Device
  readonly texts: Texts
}

/** Writes a new record, or answers `undefined` where one is. A resent create finds its own secret and succeeds. */
export const create: Operation<CreateArgs, Lifetime | undefined> = defineOperation({
  name: 'session-store.create',
  keys: ({ key }) => [key],
  argv: ({ secretHash, user, idleMs, absoluteMs, device, texts }) => [
    secretHash,
    user,
    idleMs,
    absoluteMs,
    ...fieldsOf(texts, device),
  ],
  lua: lua`
    -- KEYS[1] record   ARGV[1] hash of the secret   ARGV[2] user or ''   ARGV[3] idle ms   ARGV[4] absolute ms
    -- ARGV[5…] field, text, …   replies { now, absolute deadline } as text, or {} where a record is
    ${writeFieldsLua}
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    if redis.call('EXISTS', KEYS[1]) == 1 then
      local head = redis.call('HMGET', KEYS[1], 'secret', 'created', 'absoluteEnd')
      if head[1] == ARGV[1] then return { head[2], head[3] } end
      return {}
    end
    local idleEnd, absoluteEnd = now + tonumber(ARGV[3]), now + tonumber(ARGV[4])
    redis.call('HSET', KEYS[1], 'secret', ARGV[1], 'user', ARGV[2], 'created', now, 'seen', now,
      'rotated', now, 'idle', ARGV[3], 'idleEnd', idleEnd, 'absoluteEnd', absoluteEnd)
    if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'auth', now) end
    writeFields(5)
    redis.call('PEXPIRE', KEYS[1], math.min(idleEnd, absoluteEnd) - now)
    return { string.format('%.0f', now), string.format('%.0f', absoluteEnd) }`,
  memory: (view, [key], [secretHash, user, idleMs, absoluteMs, ...fields]) => {
    const now = view.nowMs()
    if (view.exists(key) === 1) {
      if (view.hGet(key, 'secret') !== secretHash) return []
      return [view.hGet(key, 'created') ?? '', view.hGet(key, 'absoluteEnd') ?? '']
    }
    const [idleEnd, absoluteEnd] = [now + idleMs, now + absoluteMs]
    view.hSet(key, 'secret', secretHash, 'user', user, 'created', now, 'seen', now)
    view.hSet(key, 'rotated', now, 'idle', idleMs, 'idleEnd', idleEnd, 'absoluteEnd', absoluteEnd)
    if (user !== '') view.hSet(key, 'auth', now)
    writeFields(view, key, fields)
    view.pExpire(key, Math.min(idleEnd, absoluteEnd) - now)
    return [String(now), String(absoluteEnd)]
  },
  reply: ([now, absoluteEnd]) =>
    now === undefined ? undefined : { nowMs: Number(now), absoluteEndMs: Number(absoluteEnd) },
})
