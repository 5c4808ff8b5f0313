import { defineOperation, lua, type MemoryView, type Operation } from '@sluice/core/extend'
import { deviceIn, readHead, readHeadLua, splitRecord, type Device } from '../record.ts'

/** What `load` found. */
export interface LoadedRecord {
  /** The store's clock. */
  readonly nowMs: number
  readonly user: string
  readonly device: Device
  /** When the user signed in last. */
  readonly authenticatedAtMs: number | undefined
  /** When it got its secret. */
  readonly rotatedAtMs: number
  readonly createdAtMs: number
  readonly lastSeenAtMs: number
  readonly idleEndMs: number
  readonly absoluteEndMs: number
  readonly texts: Map<string, string>
}

/**
 * Reads a record whose secret matches, and moves its idle deadline once that has drifted by more than the slack, in the
 * same step: most reads write nothing.
 */
export const load: Operation<
  { key: string; secretHash: string; slackMs: number },
  LoadedRecord | undefined
> = defineOperation({
  name: 'session-store.load',
  keys: ({ key }) => [key],
  argv: ({ secretHash, slackMs }) => [secretHash, slackMs],
  lua: lua`
    -- KEYS[1] record   ARGV[1] hash of the secret   ARGV[2] slack in ms
    -- replies the record as HGETALL does, and 'now', or {} without a live one that the secret opens
    ${readHeadLua}
    if not secret then return {} end
    if secret ~= ARGV[1] then
      local former = redis.call('HMGET', KEYS[1], 'former', 'formerEnd')
      if former[1] ~= ARGV[1] or now >= (tonumber(former[2]) or 0) then return {} end
    end
    if now + idle - idleEnd > tonumber(ARGV[2]) then
      redis.call('HSET', KEYS[1], 'seen', now, 'idleEnd', now + idle)
      redis.call('PEXPIRE', KEYS[1], math.min(now + idle, absoluteEnd) - now)
    end
    local reply = redis.call('HGETALL', KEYS[1])
    reply[#reply + 1] = 'now'
    reply[#reply + 1] = string.format('%.0f', now)
    return reply`,
  memory: (view, [key], [secretHash, slackMs]) => {
    const head = readHead(view, key)
    if (head === undefined || !opens(view, key, head.secret, secretHash)) return []
    const idleEnd = view.nowMs() + head.idleMs
    if (idleEnd - head.idleEndMs > slackMs) {
      view.hSet(key, 'seen', view.nowMs(), 'idleEnd', idleEnd)
      view.pExpire(key, Math.min(idleEnd, head.absoluteEndMs) - view.nowMs())
    }
    return [...view.hGetAll(key), 'now', String(view.nowMs())]
  },
  reply: (reply) => (reply.length === 0 ? undefined : parseRecord(reply)),
})

/** The secret, or the one before it for as long as its grace lasts. */
function opens(view: MemoryView, key: string, secret: string, given: string): boolean {
  if (secret === given) return true
  return view.hGet(key, 'former') === given && view.nowMs() < Number(view.hGet(key, 'formerEnd'))
}

function parseRecord(reply: readonly string[]): LoadedRecord {
  const { meta, texts } = splitRecord(reply)
  return {
    nowMs: Number(meta.get('now')),
    user: meta.get('user') ?? '',
    device: deviceIn(meta),
    authenticatedAtMs: Number(meta.get('auth')) || undefined,
    rotatedAtMs: Number(meta.get('rotated')),
    createdAtMs: Number(meta.get('created')),
    lastSeenAtMs: Number(meta.get('seen')),
    idleEndMs: Number(meta.get('idleEnd')),
    absoluteEndMs: Number(meta.get('absoluteEnd')),
    texts,
  }
}
