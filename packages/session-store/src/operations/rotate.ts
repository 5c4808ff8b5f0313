import { defineOperation, lua, type MemoryView, type Operation } from '@sluice/core/extend'
import {
  fieldOf,
  fieldsOf,
  readHead,
  readHeadLua,
  splitRecord,
  writeFields,
  writeFieldsLua,
  type Device,
  type Texts,
} from '../record.ts'
import { formatTimes, writeTimesLua } from '../times.ts'
import type { Lifetime } from './create.ts'

/** What `rotate` is given. */
export interface RotateArgs {
  readonly key: string
  readonly secretHash: string
  readonly nextSecretHash: string
  /** Who signs in, `''` to leave it as it is. */
  readonly user: string
  /** How long the secret that is replaced opens the record as well. 0 where somebody signs in: it may be an attacker's. */
  readonly graceMs: number
  /** Names of the attributes that stay; absent: all. Those of `texts` are written in any case. */
  readonly keep?: readonly string[] | undefined
  readonly device: Device
  readonly texts: Texts
}

/**
 * Replaces the secret, and signs a user in where one is named. `undefined`, and nothing changed, without a live record of
 * that secret or with another user in it. A resent rotate finds its own new secret and succeeds.
 */
export const rotate: Operation<RotateArgs, Lifetime | undefined> = defineOperation({
  name: 'session-store.rotate',
  keys: ({ key }) => [key],
  argv: ({ secretHash, nextSecretHash, user, graceMs, keep, device, texts }) => [
    secretHash,
    nextSecretHash,
    user,
    graceMs,
    keep === undefined ? '' : JSON.stringify(keep.map(fieldOf)),
    ...fieldsOf(texts, device),
  ],
  lua: lua`
    -- KEYS[1] record   ARGV[1] hash of the secret   ARGV[2] hash of the next one   ARGV[3] user who signs in, or ''
    -- ARGV[4] ms that the secret goes on opening it   ARGV[5] JSON of the attribute fields that stay, '' for all
    -- ARGV[6…] field, text, …   replies { now, absolute deadline } as text, or {}
    ${readHeadLua}
    ${writeFieldsLua}
    if not secret or (secret ~= ARGV[1] and secret ~= ARGV[2]) then return {} end
    if ARGV[3] ~= '' then
      if user ~= '' and user ~= ARGV[3] then return {} end
      redis.call('HSET', KEYS[1], 'user', ARGV[3])
      auth = now - created
    end
    if ARGV[5] ~= '' then
      local stays = {}
      for _, field in ipairs(cjson.decode(ARGV[5])) do stays[field] = true end
      for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
        if string.sub(field, 1, 5) == 'data:' and not stays[field] then redis.call('HDEL', KEYS[1], field) end
      end
    end
    if secret ~= ARGV[2] then
      redis.call('HSET', KEYS[1], 'secret', ARGV[2])
      rotated = now - created
      if tonumber(ARGV[4]) > 0 then
        redis.call('HSET', KEYS[1], 'former', string.format('%s %.0f', secret, now + tonumber(ARGV[4])))
      else redis.call('HDEL', KEYS[1], 'former') end
    end
    ${writeTimesLua}
    writeFields(6)
    return { string.format('%.0f', now), string.format('%.0f', absoluteEnd) }`,
  memory: (view, [key], [secretHash, nextSecretHash, user, graceMs, keep, ...fields]) => {
    const head = readHead(view, key)
    if (head === undefined || ![secretHash, nextSecretHash].includes(head.secret)) return []
    const now = view.nowMs()
    if (user !== '') {
      if (head.user !== '' && head.user !== user) return []
      view.hSet(key, 'user', user)
    }
    if (keep !== '') keepFields(view, key, JSON.parse(keep) as readonly string[])
    const isNew = head.secret !== nextSecretHash
    if (isNew) {
      view.hSet(key, 'secret', nextSecretHash)
      if (graceMs > 0) view.hSet(key, 'former', `${head.secret} ${now + graceMs}`)
      else view.hDel(key, 'former')
    }
    const { times } = head
    const rotatedAtMs = isNew ? now : times.rotatedAtMs
    const authenticatedAtMs = user === '' ? times.authenticatedAtMs : now
    view.hSet(key, 'times', formatTimes({ ...times, rotatedAtMs, authenticatedAtMs }))
    writeFields(view, key, fields)
    return [String(now), String(times.absoluteEndMs)]
  },
  reply: ([now, absoluteEnd]) =>
    now === undefined ? undefined : { nowMs: Number(now), absoluteEndMs: Number(absoluteEnd) },
})

function keepFields(view: MemoryView, key: string, stays: readonly string[]): void {
  const { texts } = splitRecord(view.hGetAll(key))
  const gone = [...texts.keys()].map(fieldOf).filter((field) => !stays.includes(field))
  if (gone.length > 0) view.hDel(key, ...gone)
}
