import { defineOperation, lua, type MemoryView, type Operation } from '@sluice/core/extend'
import { deviceIn, readHead, judgeLua, splitRecord, type Device } from '../record.ts'
import { formatTimes, parseTimes, writeTimesLua, type Times } from '../times.ts'

/** What `load` found. */
export interface LoadedRecord extends Omit<Times, 'idleMs'> {
  /** The store's clock. */
  readonly nowMs: number
  readonly user: string
  readonly device: Device
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
    -- One HGETALL says all, where the head alone would be a command more.
    local record = redis.call('HGETALL', KEYS[1])
    local fields = {}
    for at = 1, #record, 2 do fields[record[at]] = record[at + 1] end
    local secret, times = fields.secret, fields.times or ''
    ${judgeLua}
    if not secret then return {} end
    if secret ~= ARGV[1] then
      local former, formerEnd = string.match(fields.former or '', '^(%S+) (%d+)$')
      if former ~= ARGV[1] or now >= tonumber(formerEnd) then return {} end
    end
    if now + idle - idleEnd > tonumber(ARGV[2]) then
      seen = now - created
      ${writeTimesLua}
      redis.call('PEXPIRE', KEYS[1], math.min(now + idle, absoluteEnd) - now)
      record = redis.call('HGETALL', KEYS[1])
    end
    record[#record + 1] = 'now'
    record[#record + 1] = string.format('%.0f', now)
    return record`,
  memory: (view, [key], [secretHash, slackMs]) => {
    const head = readHead(view, key)
    if (head === undefined || !opens(view, key, head.secret, secretHash)) return []
    const { times } = head
    const idleEndMs = view.nowMs() + times.idleMs
    if (idleEndMs - times.idleEndMs > slackMs) {
      view.hSet(key, 'times', formatTimes({ ...times, lastSeenAtMs: view.nowMs() }))
      view.pExpire(key, Math.min(idleEndMs, times.absoluteEndMs) - view.nowMs())
    }
    return [...view.hGetAll(key), 'now', String(view.nowMs())]
  },
  reply: (reply) => (reply.length === 0 ? undefined : parseRecord(reply)),
})

/** The secret, or the one before it for as long as its grace lasts. */
function opens(view: MemoryView, key: string, secret: string, given: string): boolean {
  if (secret === given) return true
  const [former, endMs] = (view.hGet(key, 'former') ?? '').split(' ')
  return former === given && view.nowMs() < Number(endMs)
}

function parseRecord(reply: readonly string[]): LoadedRecord | undefined {
  const { meta, texts } = splitRecord(reply)
  const times = parseTimes(meta.get('times'))
  return (
    times && {
      nowMs: Number(meta.get('now')),
      user: meta.get('user') ?? '',
      device: deviceIn(meta),
      texts,
      // Last: on Node 20 a spread that other properties follow takes microseconds.
      ...times,
    }
  )
}
