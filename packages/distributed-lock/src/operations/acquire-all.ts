import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import type { Claim } from './acquire.ts'
import { lineLua, lockKeys, lockLua, type LockKeys } from './line.ts'
import { grant, keep, openLock, prune, serve, untilFirst } from './open-lock.ts'

/** One request for the leases of several mutexes, under one token. */
export interface ClaimOfAll extends Pick<Claim, 'token' | 'ttlMs' | 'retentionMs'> {
  readonly lockKeys: readonly string[]
}

/** What `acquireAll` answers. */
export type AnswerForAll =
  | { readonly granted: true; readonly fences: readonly number[] }
  /** The first that is busy, counted from 0. */
  | { readonly granted: false; readonly busy: number; readonly remainingMs: number }

/**
 * Takes all leases if all are free and nobody waits for any of them; else takes none. As `acquire`, it recognises its token
 * in those that it holds. The keys share a slot.
 */
export const acquireAll: Operation<ClaimOfAll, AnswerForAll> = defineOperation({
  name: 'distributed-lock.acquireAll',
  keys: (claim) => claim.lockKeys.flatMap((key) => lockKeys(key)),
  argv: ({ retentionMs, token, ttlMs }) => [retentionMs, token, ttlMs],
  lua: lua`
    -- KEYS lock and line of each
    -- ARGV[1] retention of the fence in ms   ARGV[2] token   ARGV[3] ttl of the leases in ms
    -- replies { 1, fences as text… } or { 0, which is busy, ms until its lease may end }
    local all = KEYS
    for at = 1, #all, 2 do
      local KEYS = { all[at], all[at + 1] }
      ${lockLua}
      if not keep(ARGV[2], state[6], tonumber(ARGV[3])) then
        ${lineLua}
        prune()
        serve()
        if used > 0 or lined then return { 0, (at - 1) / 2, untilFirst() } end
      end
    end
    local reply = { 1 }
    for at = 1, #all, 2 do
      local KEYS = { all[at], all[at + 1] }
      ${lockLua}
      reply[#reply + 1] = keep(ARGV[2], state[6], tonumber(ARGV[3]))
        or grant(ARGV[2], 1, tonumber(ARGV[3]))
    end
    return reply`,
  memory: (view, keys, [retentionMs, token, ttlMs]) => {
    const open = (at: number) => openLock(view, pairAt(keys, at), retentionMs)
    for (let at = 0; at < keys.length; at += 2) {
      const lock = open(at)
      if (keep(lock, token, ttlMs) !== undefined) continue
      prune(lock)
      serve(lock)
      if (lock.used > 0 || lock.lined) return [0, at / 2, untilFirst(lock)]
    }
    const fences = keys.flatMap((_, at) => {
      if (at % 2 === 1) return []
      const lock = open(at)
      return [keep(lock, token, ttlMs) ?? grant(lock, token, 1, ttlMs)]
    })
    return [1, ...fences]
  },
  reply: ([granted, ...rest]): AnswerForAll => {
    const numbers = rest.map(Number)
    if (granted === 1) return { granted: true, fences: numbers }
    const [busy = 0, remainingMs = 0] = numbers
    return { granted: false, busy, remainingMs }
  },
})

function pairAt(keys: readonly string[], at: number): LockKeys {
  return [keys[at] ?? '', keys[at + 1] ?? '']
}
