import { lua } from '@sluice/core/extend'

/** When a session began, was used and ends: ms since 1970, by the store's clock. */
export interface Times {
  readonly createdAtMs: number
  /** To within the slack. */
  readonly lastSeenAtMs: number
  /** When it got its secret. */
  readonly rotatedAtMs: number
  /** When the user signed in last. */
  readonly authenticatedAtMs: number | undefined
  /** How long it may lie unused. */
  readonly idleMs: number
  readonly idleEndMs: number
  readonly absoluteEndMs: number
}

/**
 * Times are one text: when it was created, and ms from there: `<created> <idle> <absolute> <seen> <rotated> <auth>`, of which
 * `idle` counts from `seen` and `auth` is `-` before a sign-in. One short field instead of seven: Redis and its client pay
 * for each field of each record, and a small record whose texts have up to 64 bytes stays a listpack.
 */
const form = /^(\d+) (\d+) (\d+) (-?\d+) (-?\d+) (-?\d+|-)$/

/** @returns `undefined` for a text that does not say them */
export function parseTimes(text: string | null | undefined): Times | undefined {
  const found = form.exec(text ?? '')
  if (found === null) return undefined
  const [, created, idle, absolute, seen, rotated, auth] = found
  const [createdAtMs, idleMs] = [Number(created), Number(idle)]
  const lastSeenAtMs = createdAtMs + Number(seen)
  return {
    createdAtMs,
    lastSeenAtMs,
    rotatedAtMs: createdAtMs + Number(rotated),
    authenticatedAtMs: auth === '-' ? undefined : createdAtMs + Number(auth),
    idleMs,
    idleEndMs: lastSeenAtMs + idleMs,
    absoluteEndMs: createdAtMs + Number(absolute),
  }
}

/** The text of what `parseTimes` reads. */
export function formatTimes(times: Omit<Times, 'idleEndMs'>): string {
  const { createdAtMs, lastSeenAtMs, rotatedAtMs, authenticatedAtMs } = times
  return [
    createdAtMs,
    times.idleMs,
    times.absoluteEndMs - createdAtMs,
    lastSeenAtMs - createdAtMs,
    rotatedAtMs - createdAtMs,
    authenticatedAtMs === undefined ? '-' : authenticatedAtMs - createdAtMs,
  ].join(' ')
}

/** Sets `now` in Lua: ms since 1970. */
export const nowLua: string = lua`
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)`

/** Sets the parts of the text `times` in Lua, and `idleEnd` and `absoluteEnd`: 0, long past, where it does not say them. */
export const parseTimesLua: string = lua`
  local created, idle, absolute, seen, rotated, auth =
    string.match(times, '^(%d+) (%d+) (%d+) (%-?%d+) (%-?%d+) (%-?%d*)$')
  local idleEnd, absoluteEnd = 0, 0
  if created then idleEnd, absoluteEnd = created + seen + idle, created + absolute end`

/** Writes the parts back in Lua, after some of them were set anew. */
export const writeTimesLua: string = lua`
  redis.call('HSET', KEYS[1], 'times', table.concat({ created, idle, absolute, seen, rotated, auth }, ' '))`
