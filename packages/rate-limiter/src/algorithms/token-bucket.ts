import { lua } from '@sluice/core/extend'
import { never, type Algorithm, type Question } from './algorithm.ts'

/**
 * The token bucket, as GCRA counts it (ITU-T I.371): a bucket of B units that fills evenly, one unit every
 * `T = ceil(W / L)` microseconds. All that is kept is when it will be full again; what it lacks until then, `excess`, is a
 * time, too. A cost c fits when `excess + c * T <= B * T`.
 *
 * Bounds: one moment admits B, a trailing window less than B + L. (For a hard cap, choose a burst and a limit whose sum it
 * is.) Over long times no more than L a window pass, and somewhat less, since T is rounded up: by less than 1/T, which is
 * at worst 0.1 % at 1000 a second, 1 % at 10,000 and 10 % at 100,000. The shortest T is 1, so 1,000,000 a second is the
 * most. Refused costs are not counted.
 *
 * A clock that moved back, or a burst that was lowered, leaves more than the bucket holds: it counts as empty now, and
 * that is written down, so that a client waits for the bucket to fill and not for the old time to come again.
 *
 * Units that are given back make the bucket fuller, but never by what has flowed back since they were taken.
 *
 * State: when the bucket is full again, microseconds since 1970. Options must check `bucketFits`.
 */
export const tokenBucket: Algorithm = {
  code: 'b',
  lua: lua`
    local function bucket_at(state, now, policy)
      local interval = math.ceil(policy.window * 1000 / policy.limit)
      local capacity = policy.burst * interval
      local full_at = tonumber(string.match(state or '', '^%d+$') or 0)
      return interval, capacity, math.min(math.max(full_at - now * 1000, 0), capacity)
    end

    local function text_of(now, excess)
      if excess == 0 then return nil end
      return string.format(whole, now * 1000 + excess)
    end

    local function ask(state, now, policy, cost)
      local interval, capacity, excess = bucket_at(state, now, policy)
      local wait = ${String(never)}
      if cost <= policy.burst then wait = math.max(0, math.ceil((excess + cost * interval - capacity) / 1000)) end
      if wait == 0 then excess = excess + cost * interval end
      return wait, text_of(now, excess), math.ceil(excess / 1000)
    end

    local function left(state, now, policy)
      local interval, capacity, excess = bucket_at(state, now, policy)
      return math.floor((capacity - excess) / interval)
    end

    local function charge(state, now, policy, units, taken_at)
      local interval, capacity, excess = bucket_at(state, now, policy)
      if units > 0 then
        excess = excess + math.min(units, math.floor((capacity - excess) / interval)) * interval
      else
        local missing = math.max(0, capacity - (now - taken_at) * 1000)
        excess = excess - math.min(-units * interval, missing, excess)
      end
      return text_of(now, excess) or false
    end

    return ask, left, charge`,
  ask(state, question) {
    const { nowMs, burst, cost } = question
    const { interval, capacity, excess: before } = bucketAt(question, state)
    const waitMs =
      cost > burst ? never : Math.max(0, Math.ceil((before + cost * interval - capacity) / 1000))
    const excess = waitMs === 0 ? before + cost * interval : before

    const remaining = Math.floor((capacity - excess) / interval)
    return {
      waitMs,
      remaining,
      refillMs:
        excess === 0 ? 0 : Math.ceil((excess + (remaining + 1) * interval - capacity) / 1000),
      resetMs: Math.ceil(excess / 1000),
      next: textOf(nowMs, excess),
    }
  },
  charge(state, change) {
    const { nowMs, units, takenAtMs } = change
    const { interval, capacity, excess } = bucketAt(change, state)
    if (units > 0) {
      const taken = Math.min(units, Math.floor((capacity - excess) / interval))
      return textOf(nowMs, excess + taken * interval)
    }
    // The emptiest bucket of then would by now lack no more than this.
    const missing = Math.max(0, capacity - (nowMs - takenAtMs) * 1000)
    return textOf(nowMs, excess - Math.min(-units * interval, missing, excess))
  },
}

/** Half of what a double counts exactly: so much for the time (until 2112), so much for a bucket beside it (142 years). */
const mostMicros = 2 ** 52

/**
 * Whether a token bucket is counted exactly: the time it takes to fill, added to any date, stays below 2^53 microseconds.
 *
 * @param limit units a window; `limit * windowMs` is a safe integer
 * @param windowMs at most 100 years
 * @param burst units the bucket holds
 */
export function bucketFits(limit: number, windowMs: number, burst: number): boolean {
  return burst * intervalOf(limit, windowMs) <= mostMicros
}

/** A bucket, in microseconds. */
interface Bucket {
  /** In which one unit comes. */
  readonly interval: number
  /** In which an empty bucket fills. */
  readonly capacity: number
  /** In which this one does. */
  readonly excess: number
}

function bucketAt(moment: Omit<Question, 'cost'>, state: string | null): Bucket {
  const { nowMs, limit, windowMs, burst } = moment
  const interval = intervalOf(limit, windowMs)
  const capacity = burst * interval
  const fullAt = /^\d+$/.test(state ?? '') ? Number(state) : 0
  return { interval, capacity, excess: Math.min(Math.max(fullAt - nowMs * 1000, 0), capacity) }
}

/** The quotient is rounded up exactly: both numbers are below 2^53, and it is no nearer to a whole number than 1 / limit. */
function intervalOf(limit: number, windowMs: number): number {
  return Math.ceil((windowMs * 1000) / limit)
}

function textOf(nowMs: number, excess: number): string | null {
  return excess === 0 ? null : String(nowMs * 1000 + excess)
}
