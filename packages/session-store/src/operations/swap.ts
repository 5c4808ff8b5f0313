import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { fieldOf, readHead, readHeadLua, writeFields, writeFieldsLua } from '../record.ts'

/** What `swap` answers: done, the text that stands there instead of the expected one, or that the record is gone. */
export type Swap =
  { readonly done: true } | { readonly done: false; readonly gone: boolean; readonly text: string }

/** What `swap` is given. The empty text stands for "no such attribute". */
export interface SwapArgs {
  readonly key: string
  readonly user: string
  readonly name: string
  readonly expected: string
  readonly text: string
}

/** Replaces one attribute if it still has the expected text. The user must be the one that the writer saw. */
export const swap: Operation<SwapArgs, Swap> = defineOperation({
  name: 'session-store.swap',
  keys: ({ key }) => [key],
  argv: ({ user, name, expected, text }) => [user, expected, fieldOf(name), text],
  lua: lua`
    -- KEYS[1] record   ARGV[1] user that the writer saw, or ''   ARGV[2] expected text   ARGV[3] field   ARGV[4] text
    -- replies { 1, '' }, { 0, the text that stands there }, or { -1, '' } when gone
    ${readHeadLua}
    ${writeFieldsLua}
    if not secret or user ~= ARGV[1] then return { -1, '' } end
    local text = redis.call('HGET', KEYS[1], ARGV[3]) or ''
    if text ~= ARGV[2] then return { 0, text } end
    writeFields(3)
    return { 1, '' }`,
  memory: (view, [key], [user, expected, field, text]) => {
    if (readHead(view, key)?.user !== user) return [-1, '']
    const current = view.hGet(key, field) ?? ''
    if (current !== expected) return [0, current]
    writeFields(view, key, [field, text])
    return [1, '']
  },
  reply: ([outcome, text]): Swap =>
    outcome === 1 ? { done: true } : { done: false, gone: outcome === -1, text: String(text) },
})
