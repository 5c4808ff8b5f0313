import { lua, type MemoryView } from '@sluice/core/extend'
import { nowLua, parseTimes, parseTimesLua, type Times } from './times.ts'

/**
 * A session's record is one hash, under a key that its handle decides and that rotation does not change:
 *
 *     secret        SHA-256 of the secret that the cookie carries
 *     former        SHA-256 of the secret before the last rotation, and until when it opens the record as well
 *     user          who is signed in; set once, never changed, absent for nobody
 *     times         when it began, was used and ends (see `Times`); the key expires at the earlier of its deadlines
 *     address agent the device, where it is known
 *     data:<name>   an attribute, encoded
 *
 * Deadlines stand in the record because they decide, whatever became of the key's own expiry.
 */
const attributePrefix = 'data:'

/** Encoded attributes by name; `''`, which no value encodes to, stands for "removed". */
export type Texts = ReadonlyMap<string, string>

/** The text that removes an attribute. */
export const removed = ''

/** Where a session is used from, as far as it is known and wanted. */
export interface Device {
  /** The client's address. */
  readonly address?: string | undefined
  /** What the browser says it is. */
  readonly userAgent?: string | undefined
}

/** Longer ones are cut: they come from the client. */
const longestDeviceText = 256

/** Attributes, and the device, as operations take them: field, text, field, text, … */
export function fieldsOf(texts: Texts, { address, userAgent }: Device = {}): string[] {
  const fields: string[] = []
  if (address !== undefined) fields.push('address', address.slice(0, longestDeviceText))
  if (userAgent !== undefined) fields.push('agent', userAgent.slice(0, longestDeviceText))
  for (const [name, text] of texts) fields.push(attributePrefix + name, text)
  return fields
}

/** The device that a record names. */
export function deviceIn(meta: ReadonlyMap<string, string>): Device {
  return { address: meta.get('address'), userAgent: meta.get('agent') }
}

/** The attribute's field. */
export function fieldOf(name: string): string {
  return attributePrefix + name
}

/** The attributes and the rest of a record, from what HGETALL replies. */
export function splitRecord(reply: readonly string[]): {
  meta: ReadonlyMap<string, string>
  texts: Map<string, string>
} {
  const meta = new Map<string, string>()
  const texts = new Map<string, string>()
  for (let at = 0; at + 1 < reply.length; at += 2) {
    const [field = '', value = ''] = [reply[at], reply[at + 1]]
    if (field.startsWith(attributePrefix)) texts.set(field.slice(attributePrefix.length), value)
    else meta.set(field, value)
  }
  return { meta, texts }
}

/** What most operations must know of a record before they touch it. */
export interface RecordHead {
  readonly secret: string
  readonly user: string
  readonly times: Times
}

/** Sets `now` and the parts of the times, and deletes what is past a deadline: then `secret` is false. */
export const judgeLua: string = lua`
  ${nowLua}
  ${parseTimesLua}
  if secret and (now >= idleEnd or now >= absoluteEnd) then
    redis.call('DEL', KEYS[1])
    secret = false
  end`

/**
 * How an operation on a record starts in Lua: sets `now`, `secret`, `user` and the parts of its times. `secret` is false
 * when there is no live record. What is past a deadline is deleted.
 */
export const readHeadLua: string = lua`
  local head = redis.call('HMGET', KEYS[1], 'secret', 'user', 'times')
  local secret, user, times = head[1], head[2] or '', head[3] or ''
  ${judgeLua}`

/** The same in memory: the head of a live record. */
export function readHead(view: MemoryView, key: string): RecordHead | undefined {
  const secret = view.hGet(key, 'secret')
  if (secret === null) return undefined
  const times = parseTimes(view.hGet(key, 'times'))
  if (times === undefined || hasEnded(view, times)) {
    view.del(key)
    return undefined
  }
  return { secret, user: view.hGet(key, 'user') ?? '', times }
}

/** True past either deadline. */
export function hasEnded(view: MemoryView, { idleEndMs, absoluteEndMs }: Times): boolean {
  return view.nowMs() >= idleEndMs || view.nowMs() >= absoluteEndMs
}

/**
 * Defines `writeFields(from)` in Lua: ARGV from there on are fields and texts, an empty text removes. The key keeps its
 * expiry, and its head keeps it from becoming empty.
 */
export const writeFieldsLua: string = lua`
  local function writeFields(from)
    for at = from, #ARGV, 2 do
      if ARGV[at + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[at])
      else redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) end
    end
  end`

/** The same in memory. */
export function writeFields(view: MemoryView, key: string, fields: readonly string[]): void {
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [field = '', text = removed] = [fields[at], fields[at + 1]]
    if (text === removed) view.hDel(key, field)
    else view.hSet(key, field, text)
  }
}
