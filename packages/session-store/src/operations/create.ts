import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { fieldsOf, writeFields, writeFieldsLua, type Device, type Texts } from '../record.ts'
import { formatTimes, nowLua, parseTimes, parseTimesLua } from '../times.ts'

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
    ${nowLua}
    if redis.call('EXISTS', KEYS[1]) == 1 then
      local head = redis.call('HMGET', KEYS[1], 'secret', 'times')
      if head[1] ~= ARGV[1] then return {} end
      local times = head[2] or ''
      ${parseTimesLua}
      if not created then return {} end
      return { created, string.format('%.0f', absoluteEnd) }
    end
    local auth = ARGV[2] == '' and '-' or 0
    redis.call('HSET', KEYS[1], 'secret', ARGV[1], 'times', table.concat({ now, ARGV[3], ARGV[4], 0, 0, auth }, ' '))
    if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'user', ARGV[2]) end
    writeFields(5)
    redis.call('PEXPIRE', KEYS[1], math.min(tonumber(ARGV[3]), tonumber(ARGV[4])))
    return { string.format('%.0f', now), string.format('%.0f', now + ARGV[4]) }`,
  memory: (view, [key], [secretHash, user, idleMs, absoluteMs, ...fields]) => {
    const now = view.nowMs()
    if (view.exists(key) === 1) {
      if (view.hGet(key, 'secret') !== secretHash) return []
      const times = parseTimes(view.hGet(key, 'times'))
      return times === undefined ? [] : [String(times.createdAtMs), String(times.absoluteEndMs)]
    }
    const times = {
      createdAtMs: now,
      lastSeenAtMs: now,
      rotatedAtMs: now,
      authenticatedAtMs: user === '' ? undefined : now,
      idleMs,
      absoluteEndMs: now + absoluteMs,
    }
    view.hSet(key, 'secret', secretHash, 'times', formatTimes(times))
    if (user !== '') view.hSet(key, 'user', user)
    writeFields(view, key, fields)
    view.pExpire(key, Math.min(idleMs, absoluteMs))
    return [String(now), String(times.absoluteEndMs)]
  },
  reply: ([now, absoluteEnd]) =>
    now === undefined ? undefined : { nowMs: Number(now), absoluteEndMs: Number(absoluteEnd) },
})
