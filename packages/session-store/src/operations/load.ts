import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { readHead, readHeadLua, splitRecord } from '../record.ts'

/** What `load` found. */
export interface LoadedRecord {
  readonly user: string
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
    -- replies the record as HGETALL does, or {} without a live one of that secret
    ${readHeadLua}
    if not secret or secret ~= ARGV[1] then return {} end
    if now + idle - idleEnd > tonumber(ARGV[2]) then
      redis.call('HSET', KEYS[1], 'seen', now, 'idleEnd', now + idle)
      redis.call('PEXPIRE', KEYS[1], math.min(now + idle, absoluteEnd) - now)
    end
    return redis.call('HGETALL', KEYS[1])`,
  memory: (view, [key], [secretHash, slackMs]) => {
    const head = readHead(view, key)
    if (head === undefined || head.secret !== secretHash) return []
    const idleEnd = view.nowMs() + head.idleMs
    if (idleEnd - head.idleEndMs > slackMs) {
      view.hSet(key, 'seen', view.nowMs(), 'idleEnd', idleEnd)
      view.pExpire(key, Math.min(idleEnd, head.absoluteEndMs) - view.nowMs())
    }
    return view.hGetAll(key)
  },
  reply: (reply) => (reply.length === 0 ? undefined : parseRecord(reply)),
})

function parseRecord(reply: readonly string[]): LoadedRecord {
  const { meta, texts } = splitRecord(reply)
  return {
    user: meta.get('user') ?? '',
    createdAtMs: Number(meta.get('created')),
    lastSeenAtMs: Number(meta.get('seen')),
    idleEndMs: Number(meta.get('idleEnd')),
    absoluteEndMs: Number(meta.get('absoluteEnd')),
    texts,
  }
}
