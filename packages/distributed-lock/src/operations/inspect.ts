import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { lockKeys } from './line.ts'

/** A lease as the store has it. */
export interface StoredLease {
  readonly token: string
  readonly remainingMs: number
  readonly fence: number
  readonly units: number
}

/** A lock as the store has it. */
export interface StoredLock {
  /** In the order in which they were given. */
  readonly leases: readonly StoredLease[]
  /** How many wait, those included that are not heard of and have not been passed over yet. */
  readonly waiting: number
  /** The last fence given; `undefined` when none is remembered. */
  readonly fence: number | undefined
}

/** Looks, and changes nothing. */
export const inspect: Operation<{ key: string }, StoredLock> = defineOperation({
  name: 'distributed-lock.inspect',
  readOnly: true,
  keys: ({ key }) => lockKeys(key),
  argv: () => [],
  lua: lua`
    -- KEYS[1] lock   KEYS[2] line
    -- replies { now in ms, fields of the line, those that are no waiter's, fields and values of the lock }
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    local others = redis.call('HEXISTS', KEYS[2], 'head') + redis.call('HEXISTS', KEYS[2], 'tail')
    return { now, redis.call('HLEN', KEYS[2]), others, redis.call('HGETALL', KEYS[1]) }`,
  memory: (view, [lock, line]) => [
    view.nowMs(),
    view.hLen(line),
    view.hExists(line, 'head') + view.hExists(line, 'tail'),
    view.hGetAll(lock),
  ],
  reply: ([now, places, others, lock]): StoredLock => ({
    leases: leasesOf(lock, now),
    // A waiter has two: its ticket and its token.
    waiting: (places - others) / 2,
    fence: fenceOf(lock),
  }),
})

function fenceOf(lock: readonly string[]): number | undefined {
  const at = lock.indexOf('fence')
  return at === -1 ? undefined : Number(lock[at + 1])
}

function leasesOf(lock: readonly string[], nowMs: number): readonly StoredLease[] {
  const leases: StoredLease[] = []
  for (let at = 0; at < lock.length; at += 2) {
    const [ends, units, fence] = (lock[at + 1] ?? '').split(' ')
    if (fence === undefined || Number(ends) <= nowMs) continue
    leases.push({
      token: lock[at] ?? '',
      remainingMs: Number(ends) - nowMs,
      fence: Number(fence),
      units: Number(units),
    })
  }
  return leases.toSorted((a, b) => a.fence - b.fence)
}
