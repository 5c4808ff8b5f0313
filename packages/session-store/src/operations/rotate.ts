import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import {
  fieldsOf,
  readHead,
  readHeadLua,
  writeFields,
  writeFieldsLua,
  type Texts,
} from '../record.ts'
import type { Lifetime } from './create.ts'

/** What `rotate` is given. */
export interface RotateArgs {
  readonly key: string
  readonly secretHash: string
  readonly nextSecretHash: string
  /** Who signs in, `''` to leave it as it is. */
  readonly user: string
  readonly texts: Texts
}

/**
 * Replaces the secret, so that the old one is dead from the same moment, and signs a user in where one is named.
 * `undefined`, and nothing changed, without a live record of that secret or with another user in it. A resent rotate
 * finds its own new secret and succeeds.
 */
export const rotate: Operation<RotateArgs, Lifetime | undefined> = defineOperation({
  name: 'session-store.rotate',
  keys: ({ key }) => [key],
  argv: ({ secretHash, nextSecretHash, user, texts }) => [
    secretHash,
    nextSecretHash,
    user,
    ...fieldsOf(texts),
  ],
  lua: lua`
    -- KEYS[1] record   ARGV[1] hash of the secret   ARGV[2] hash of the next one   ARGV[3] user who signs in, or ''
    -- ARGV[4…] field, text, …   replies { now, absolute deadline } as text, or {}
    ${readHeadLua}
    ${writeFieldsLua}
    if not secret or (secret ~= ARGV[1] and secret ~= ARGV[2]) then return {} end
    if ARGV[3] ~= '' then
      if user ~= '' and user ~= ARGV[3] then return {} end
      redis.call('HSET', KEYS[1], 'user', ARGV[3])
    end
    redis.call('HSET', KEYS[1], 'secret', ARGV[2])
    writeFields(4)
    return { string.format('%.0f', now), string.format('%.0f', absoluteEnd) }`,
  memory: (view, [key], [secretHash, nextSecretHash, user, ...fields]) => {
    const head = readHead(view, key)
    if (head === undefined || ![secretHash, nextSecretHash].includes(head.secret)) return []
    if (user !== '') {
      if (head.user !== '' && head.user !== user) return []
      view.hSet(key, 'user', user)
    }
    view.hSet(key, 'secret', nextSecretHash)
    writeFields(view, key, fields)
    return [String(view.nowMs()), String(head.absoluteEndMs)]
  },
  reply: ([now, absoluteEnd]) =>
    now === undefined ? undefined : { nowMs: Number(now), absoluteEndMs: Number(absoluteEnd) },
})
