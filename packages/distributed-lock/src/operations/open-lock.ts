import type { MemoryView } from '@sluice/core/extend'
import { handOverMs, placeMs, slackMs, type LockKeys } from './line.ts'

/** One lock in memory, during one run of an operation. With the functions here the twin of `lockLua` and `lineLua`. */
export interface OpenLock {
  readonly view: MemoryView
  readonly keys: LockKeys
  readonly retentionMs: number
  /** Units in use. */
  used: number
  /** No later than the first end of a lease. */
  first: number
  /** How long the key lives. */
  kept: number
  fence: string
  /** True while there may be somebody in the line. */
  lined: boolean
}

interface Lease {
  readonly ends: number
  readonly units: number
  readonly fence: string
}

/** Reads what is known of a lock. */
export function openLock(view: MemoryView, keys: LockKeys, retentionMs: number): OpenLock {
  const [lock] = keys
  const read = (field: string): number => Number(view.hGet(lock, field) ?? 0)
  return {
    view,
    keys,
    retentionMs,
    used: read('used'),
    first: read('first'),
    kept: read('kept'),
    fence: view.hGet(lock, 'fence') ?? '0',
    lined: view.hExists(lock, 'line') === 1,
  }
}

/** Gives a lease to a token that has none, and answers its fence. */
export function grant(open: OpenLock, token: string, units: number, ttlMs: number): string {
  const now = open.view.nowMs()
  open.fence = String(Math.max(Number(open.fence) + 1, now * 1000))
  const ends = now + ttlMs
  open.first = open.used > 0 ? Math.min(open.first, ends) : ends
  open.used += units
  return write(open, token, { ends, units, fence: open.fence }, ttlMs)
}

/** Gives a token's lease at least that ttl from now on, and answers its fence; `undefined` when it has none. */
export function keep(open: OpenLock, token: string, ttlMs: number): string | undefined {
  const { view, keys } = open
  const now = view.nowMs()
  const lease = leaseOf(view.hGet(keys[0], token))
  if (lease === undefined || lease.ends <= now) return undefined
  const ends = Math.max(lease.ends, now + ttlMs)
  if (lease.units === open.used) open.first = ends
  return write(open, token, { ...lease, ends }, ttlMs)
}

function write(open: OpenLock, token: string, lease: Lease, ttlMs: number): string {
  const { view, keys, used, first, fence } = open
  const [lock] = keys
  const record = `${lease.ends} ${lease.units} ${lease.fence}`
  view.hSet(lock, token, record, 'used', used, 'first', first, 'fence', fence)
  const least = view.nowMs() + ttlMs + open.retentionMs
  if (open.kept < least) {
    open.kept = least + slackMs
    view.hSet(lock, 'kept', open.kept)
    view.pExpire(lock, open.kept - view.nowMs())
  }
  return lease.fence
}

/** Ends a token's lease; 0 when it has none. */
export function free(open: OpenLock, token: string): 0 | 1 {
  const { view, keys } = open
  const [lock] = keys
  const lease = leaseOf(view.hGet(lock, token))
  if (lease === undefined) return 0
  open.used -= lease.units
  view.hDel(lock, token)
  writeUse(open)
  return 1
}

/** Takes away the leases that have ended. */
export function prune(open: OpenLock): void {
  const { view, keys } = open
  const now = view.nowMs()
  if (open.used === 0 || open.first > now) return
  open.used = 0
  open.first = Number.POSITIVE_INFINITY
  for (const [token, lease] of leasesOf(open)) {
    if (lease.ends > now) {
      open.used += lease.units
      open.first = Math.min(open.first, lease.ends)
    } else view.hDel(keys[0], token)
  }
  writeUse(open)
}

function writeUse({ view, keys, used, first }: OpenLock): void {
  if (used === 0) view.hDel(keys[0], 'used', 'first')
  else view.hSet(keys[0], 'used', used, 'first', first)
}

/** Hands over to those who are next and fit, passes over those who are not heard of, and answers the next ticket. */
export function serve(open: OpenLock): number {
  if (!open.lined) return 1
  const { view, keys } = open
  const [lock, line] = keys
  const start = Number(view.hGet(line, 'head') ?? 1)
  const tail = Number(view.hGet(line, 'tail') ?? 0)
  let head = start
  for (; head <= tail; head++) {
    const place = view.hGet(line, String(head))
    if (place === null) continue
    const [token = '', heard, units, capacity, ttlMs, ...channel] = place.split(' ')
    if (Number(heard) > view.nowMs()) {
      if (open.used + Number(units) > Number(capacity)) break
      grant(open, token, Number(units), Math.min(Number(ttlMs), handOverMs))
      view.publish(channel.join(' '), token)
    }
    view.hDel(line, String(head), token)
  }
  if (head > tail) {
    view.del(line)
    view.hDel(lock, 'line')
    open.lined = false
  } else if (head > start) view.hSet(line, 'head', head)
  return head
}

/** Keeps a waiter's place from now on. */
export function stay({ view, keys }: OpenLock, ticket: string): void {
  const [, line] = keys
  const [token, , ...rest] = (view.hGet(line, ticket) ?? '').split(' ')
  view.hSet(line, ticket, [token, view.nowMs() + placeMs, ...rest].join(' '))
  view.pExpire(line, placeMs)
}

/** Ms until a lease may end; 0 when there is none. */
export function untilFirst({ view, used, first }: OpenLock): number {
  return used > 0 ? Math.max(0, first - view.nowMs()) : 0
}

/** The leases of a lock, by token, those included that have ended. */
export function leasesOf({ view, keys }: OpenLock): readonly (readonly [string, Lease])[] {
  const all = view.hGetAll(keys[0])
  return all.flatMap((token, at) => {
    const lease = at % 2 === 0 ? leaseOf(all[at + 1] ?? null) : undefined
    return lease === undefined ? [] : [[token, lease] as const]
  })
}

function leaseOf(record: string | null): Lease | undefined {
  const [ends, units, fence] = record?.split(' ') ?? []
  return fence === undefined ? undefined : { ends: Number(ends), units: Number(units), fence }
}
