import { lua, type MemoryView } from '@sluice/core/extend'

/**
 * A session's record is one hash, under a key that its handle decides and that rotation does not change:
 *
 *     secret        SHA-256 of the secret that the cookie carries
 *     former        } SHA-256 of the secret before the last rotation, and until when it opens the record as well
 *     formerEnd     }
 *     user          who is signed in, '' for nobody; set once, never changed
 *     created seen  ms since 1970, by the store's clock
 *     rotated       when it got its secret
 *     auth          when the user signed in last, '' before
 *     address agent the device, where it is known
 *     idle          how long it may lie unused, ms
 *     idleEnd       } its deadlines, ms since 1970; the key expires at the earlier one
 *     absoluteEnd   }
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
  const device = Object.entries({ address, agent: userAgent }).flatMap(([field, text]) =>
    text === undefined ? [] : [field, text.slice(0, longestDeviceText)],
  )
  return [...device, ...[...texts].flatMap(([name, text]) => [attributePrefix + name, text])]
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
  readonly idleMs: number
  readonly idleEndMs: number
  readonly absoluteEndMs: number
}

/**
 * How an operation on a record starts in Lua: sets `now`, and `secret`, `user`, `idle`, `idleEnd` and `absoluteEnd`,
 * of which `secret` is false when there is no live record. What is past a deadline is deleted.
 */
export const readHeadLua: string = lua`
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local head = redis.call('HMGET', KEYS[1], 'secret', 'user', 'idle', 'idleEnd', 'absoluteEnd')
  local secret, user, idle = head[1], head[2] or '', tonumber(head[3]) or 0
  local idleEnd, absoluteEnd = tonumber(head[4]) or 0, tonumber(head[5]) or 0
  if secret and (now >= idleEnd or now >= absoluteEnd) then
    redis.call('DEL', KEYS[1])
    secret = false
  end`

/** The same in memory: the head of a live record. */
export function readHead(view: MemoryView, key: string): RecordHead | undefined {
  const secret = view.hGet(key, 'secret')
  if (secret === null) return undefined
  const idleEndMs = Number(view.hGet(key, 'idleEnd'))
  const absoluteEndMs = Number(view.hGet(key, 'absoluteEnd'))
  if (view.nowMs() >= idleEndMs || view.nowMs() >= absoluteEndMs) {
    view.del(key)
    return undefined
  }
  const idleMs = Number(view.hGet(key, 'idle'))
  return { secret, user: view.hGet(key, 'user') ?? '', idleMs, idleEndMs, absoluteEndMs }
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
