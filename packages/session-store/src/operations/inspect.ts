import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import type { Device } from '../record.ts'

/** What a list of sessions says of one. */
export interface RecordSummary {
  readonly user: string
  readonly device: Device
  /** When the user signed in last. */
  readonly authenticatedAtMs: number | undefined
  readonly createdAtMs: number
  readonly lastSeenAtMs: number
  readonly idleEndMs: number
  readonly absoluteEndMs: number
}

/** Looks at a record without using it: no deadline moves. `undefined` without a live one. */
export const inspect: Operation<{ key: string }, RecordSummary | undefined> = defineOperation({
  name: 'session-store.inspect',
  readOnly: true,
  keys: ({ key }) => [key],
  argv: () => [],
  lua: lua`
    -- KEYS[1] record
    -- replies { user, created, seen, idle deadline, absolute deadline, sign-in or '', address or '', agent or '' } or {}
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    local head = redis.call('HMGET', KEYS[1], 'user', 'created', 'seen', 'idleEnd', 'absoluteEnd')
    for at = 1, 5 do
      if not head[at] then return {} end
    end
    if now >= (tonumber(head[4]) or 0) or now >= (tonumber(head[5]) or 0) then return {} end
    for _, more in ipairs(redis.call('HMGET', KEYS[1], 'auth', 'address', 'agent')) do head[#head + 1] = more or '' end
    return head`,
  memory: (view, [key]) => {
    const head: string[] = []
    for (const field of ['user', 'created', 'seen', 'idleEnd', 'absoluteEnd']) {
      const value = view.hGet(key, field)
      if (value === null) return []
      head.push(value)
    }
    if (view.nowMs() >= Number(head[3]) || view.nowMs() >= Number(head[4])) return []
    return [...head, ...['auth', 'address', 'agent'].map((field) => view.hGet(key, field) ?? '')]
  },
  reply: ([user, created, seen, idleEnd, absoluteEnd, auth, address, agent]) =>
    user === undefined
      ? undefined
      : {
          user,
          device: { address: address || undefined, userAgent: agent || undefined },
          authenticatedAtMs: Number(auth) || undefined,
          createdAtMs: Number(created),
          lastSeenAtMs: Number(seen),
          idleEndMs: Number(idleEnd),
          absoluteEndMs: Number(absoluteEnd),
        },
})
