import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { writeFields, writeFieldsLua, type Texts } from '../record.ts'
import { endedKey } from './compat-end.ts'

/** What `compatCreate` is given. */
export interface CompatCreateArgs {
  readonly key: string
  readonly ttlMs: number
  readonly texts: Texts
  /** Write only where no session is, and none has ended lately. */
  readonly onlyNew: boolean
}

/** Writes a session of another middleware whole. False when it was to be new and is not. */
export const compatCreate: Operation<CompatCreateArgs, boolean> = defineOperation({
  name: 'session-store.compat-create',
  keys: ({ key }) => [key, endedKey(key)],
  argv: ({ ttlMs, texts, onlyNew }) => [ttlMs, onlyNew ? 1 : 0, ...[...texts].flat()],
  lua: lua`
    -- KEYS[1] session   KEYS[2] mark that it has ended   ARGV[1] ttl in ms   ARGV[2] 1: only where neither is
    -- ARGV[3…] name, text, …   replies 1, or 0 when nothing was written
    ${writeFieldsLua}
    if ARGV[2] == '1' and redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end
    redis.call('DEL', KEYS[1])
    writeFields(3)
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    return 1`,
  memory: (view, [key, ended], [ttlMs, onlyNew, ...fields]) => {
    if (onlyNew === 1 && view.exists(key) + view.exists(ended) > 0) return 0
    view.del(key)
    writeFields(view, key, fields)
    view.pExpire(key, ttlMs)
    return 1
  },
  reply: (written) => written === 1,
})
