import type { NearEntry } from '../near-source.ts'
import { defineOperation, lua, type MemoryView, type Operation, type Reply } from '../operation.ts'
import type { Payload } from '../payload.ts'

/** Payloads with what is left of their lives. A key of another type holds none, as with MGET. */
export const readWithTtl: Operation<
  { keys: readonly string[] },
  readonly (NearEntry | undefined)[]
> = defineOperation({
  name: 'core.readWithTtl',
  readOnly: true,
  keys: ({ keys }) => keys,
  argv: () => [],
  lua: lua`
    -- KEYS entries   replies payload or nil and ms (-1 without expiry), one after the other for each key
    local reply = redis.call('MGET', unpack(KEYS))
    for at = #KEYS, 1, -1 do
      reply[2 * at] = reply[at] and redis.call('PTTL', KEYS[at]) or -2
      reply[2 * at - 1] = reply[at]
    end
    return reply`,
  memory: (view, keys) =>
    keys.flatMap((key) => {
      const payload = payloadIn(view, key)
      return [payload, payload === null ? -2 : view.pTtl(key)]
    }),
  reply: (flat) =>
    Array.from({ length: flat.length / 2 }, (_, at) => entryOf(flat[2 * at], flat[2 * at + 1])),
})

function payloadIn(view: MemoryView, key: string): Payload | null {
  try {
    return view.getPayload(key)
  } catch {
    return null
  }
}

function entryOf(payload: Reply | undefined, ms: Reply | undefined): NearEntry | undefined {
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return undefined
  return { payload, ttlMs: ms === -1 ? Number.POSITIVE_INFINITY : Number(ms) }
}
