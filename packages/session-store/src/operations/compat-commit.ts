import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { writeFields, writeFieldsLua, type Texts } from '../record.ts'

/** What `compatCommit` is given. */
export interface CompatCommitArgs {
  readonly key: string
  /** 0 keeps what is left, which every session has. */
  readonly ttlMs: number
  readonly texts: Texts
}

/**
 * Writes what changed in a session of another middleware and leaves the rest to other requests. False, and nothing
 * written, when it has ended.
 */
export const compatCommit: Operation<CompatCommitArgs, boolean> = defineOperation({
  name: 'session-store.compat-commit',
  keys: ({ key }) => [key],
  argv: ({ ttlMs, texts }) => [ttlMs, ...[...texts].flat()],
  lua: lua`
    -- KEYS[1] session   ARGV[1] ttl in ms, 0 keeps what is left   ARGV[2…] name, text, …   replies 1, or 0 when gone
    ${writeFieldsLua}
    if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
    writeFields(2)
    if tonumber(ARGV[1]) > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
    return 1`,
  memory: (view, [key], [ttlMs, ...fields]) => {
    if (view.exists(key) === 0) return 0
    writeFields(view, key, fields)
    if (ttlMs > 0) view.pExpire(key, ttlMs)
    return 1
  },
  reply: (written) => written === 1,
})
