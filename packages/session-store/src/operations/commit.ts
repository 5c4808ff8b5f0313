import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import {
  fieldsOf,
  readHead,
  readHeadLua,
  writeFields,
  writeFieldsLua,
  type Texts,
} from '../record.ts'

/**
 * Writes the attributes that changed and leaves the others to other requests. False, and nothing written, when there is
 * no live record or another user is signed in than the writer saw: a request that began before a sign-in cannot reach
 * into the session of who signed in.
 */
export const commit: Operation<{ key: string; user: string; texts: Texts }, boolean> =
  defineOperation({
    name: 'session-store.commit',
    keys: ({ key }) => [key],
    argv: ({ user, texts }) => [user, ...fieldsOf(texts)],
    lua: lua`
    -- KEYS[1] record   ARGV[1] user that the writer saw, or ''   ARGV[2…] field, text, …   replies 1, or 0 when gone
    ${readHeadLua}
    ${writeFieldsLua}
    if not secret or user ~= ARGV[1] then return 0 end
    writeFields(2)
    return 1`,
    memory: (view, [key], [user, ...fields]) => {
      if (readHead(view, key)?.user !== user) return 0
      writeFields(view, key, fields)
      return 1
    },
    reply: (written) => written === 1,
  })
