import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { hasEnded, type Device } from '../record.ts'
import { nowLua, parseTimes, parseTimesLua, type Times } from '../times.ts'

/** What a list of sessions says of one. */
export interface RecordSummary extends Omit<Times, 'idleMs' | 'rotatedAtMs'> {
  readonly user: string
  readonly device: Device
}

/** Looks at a record without using it: no deadline moves. `undefined` without a live one. */
export const inspect: Operation<{ key: string }, RecordSummary | undefined> = defineOperation({
  name: 'session-store.inspect',
  readOnly: true,
  keys: ({ key }) => [key],
  argv: () => [],
  lua: lua`
    -- KEYS[1] record   replies { times, user or '', address or '', agent or '' }, or {} without a live one
    ${nowLua}
    local found = redis.call('HMGET', KEYS[1], 'times', 'user', 'address', 'agent')
    local times = found[1] or ''
    ${parseTimesLua}
    if now >= idleEnd or now >= absoluteEnd then return {} end
    return { times, found[2] or '', found[3] or '', found[4] or '' }`,
  memory: (view, [key]) => {
    const text = view.hGet(key, 'times') ?? ''
    const times = parseTimes(text)
    if (times === undefined || hasEnded(view, times)) return []
    return [text, ...['user', 'address', 'agent'].map((field) => view.hGet(key, field) ?? '')]
  },
  reply([text, user = '', address, agent]) {
    const times = parseTimes(text)
    const device = { address: address || undefined, userAgent: agent || undefined }
    return times && { ...times, user, device }
  },
})
