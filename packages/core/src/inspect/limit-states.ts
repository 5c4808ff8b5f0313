/** The policy of a state, as far as its key says it, and the server's clock. */
export interface LimitMoment {
  readonly limit?: number
  readonly windowMs: number
  readonly nowMs: number
}

/** What of a limit is used. */
export interface Use {
  readonly used?: number
  readonly resetsInMs: number
}

/** A state read as its algorithm in the rate limiter reads it; `undefined` when nothing in it counts any more. */
export function usedOf(algorithm: string, state: string, moment: LimitMoment): Use | undefined {
  switch (algorithm) {
    case 'sliding-window':
      return slidingWindow(state, moment)
    case 'fixed-window':
      return fixedWindow(state, moment)
    case 'sliding-log':
      return slidingLog(state, moment)
    case 'token-bucket':
      return tokenBucket(state, moment)
    default:
      return undefined
  }
}

function slidingWindow(state: string, { limit, windowMs, nowMs }: LimitMoment): Use | undefined {
  const [, index = '', first = '', second = ''] = /^(\d+) (\d+) (\d+)$/.exec(state) ?? []
  const [stored, a, b] = [Number(index), Number(first), Number(second)]
  const now = Math.floor(nowMs / windowMs)
  const into = nowMs - now * windowMs
  // A window that has not begun is of a clock that went back: it counts as taken now, up to the limit.
  if (stored > now) return use(Math.min(a + b, limit ?? Infinity), 2 * windowMs - into)
  const current = stored === now ? a : 0
  const previous = stored === now ? b : stored === now - 1 ? a : 0
  const faded = Math.ceil((previous * (windowMs - into)) / windowMs)
  return use(current + faded, current > 0 ? 2 * windowMs - into : windowMs - into)
}

function fixedWindow(state: string, { windowMs, nowMs }: LimitMoment): Use | undefined {
  const [, start = '', count = ''] = /^(\d+) (\d+)$/.exec(state) ?? []
  const endsMs = Math.min(Number(start), nowMs) + windowMs
  return endsMs > nowMs ? use(Number(count), endsMs - nowMs) : undefined
}

function slidingLog(state: string, { windowMs, nowMs }: LimitMoment): Use | undefined {
  const [head, , last] = /^(\d+) (\d+) /.exec(state) ?? []
  if (head === undefined) return undefined
  let [used, atMs] = [0, 0]
  for (const [, ms, units] of state.slice(head.length).matchAll(/(\d+) (\d+)/g)) {
    atMs += Number(ms)
    if (nowMs - atMs < windowMs) used += Number(units)
  }
  // Entries of a time that has not come count as taken now.
  return use(used, Math.min(Number(last), nowMs) + windowMs - nowMs)
}

function tokenBucket(state: string, { limit, windowMs, nowMs }: LimitMoment): Use | undefined {
  const missingMicros = /^\d{1,16}$/.test(state) ? Number(state) - nowMs * 1000 : 0
  if (missingMicros <= 0) return undefined
  const resetsInMs = Math.ceil(missingMicros / 1000)
  if (limit === undefined) return { resetsInMs }
  const interval = Math.ceil((windowMs * 1000) / limit)
  return use(Math.ceil(missingMicros / interval), resetsInMs)
}

function use(used: number, resetsInMs: number): Use | undefined {
  return used > 0 ? { used, resetsInMs } : undefined
}
