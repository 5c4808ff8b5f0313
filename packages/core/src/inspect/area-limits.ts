import { usedOf } from './limit-states.ts'
import type { StateName } from './key-name.ts'
import { createLargest } from './largest.ts'
import { textOf, wholeOf, type FoundKey, type Question } from './question.ts'

/** How much of a limit is used. */
export interface LimitReport {
  /** `limiter`, `limiter/policy`, or `default` where the limiter has no name. */
  readonly policy: string
  readonly algorithm:
    'sliding-window' | 'fixed-window' | 'sliding-log' | 'token-bucket' | 'concurrency' | 'hits'
  /** Whose limit it is, as the application calls it. */
  readonly key: string
  /** Absent for a token bucket of a named limiter: how fast it fills is not kept. */
  readonly used?: number
  /** Kept for limiters without a name alone: a named one may change its limit and go on counting. */
  readonly limit?: number
  readonly windowMs?: number
  /** Ms until nothing that is used counts any more. */
  readonly resetsInMs?: number
}

/** A key that a limiter refuses whatever is left. */
export interface BlockReport {
  readonly limiter: string
  readonly key: string
  readonly remainingMs: number
}

/** What the rate limiter keeps. */
export interface LimitsReport {
  /** States that still count something. */
  readonly counting: number
  /** How many are at 80 % or more of a limit that is known. */
  readonly nearFullCount: number
  /** The fullest of them. */
  readonly nearFull: readonly LimitReport[]
  /** The most used of those whose limit is not kept. */
  readonly mostUsed: readonly LimitReport[]
  readonly blockedCount: number
  /** Those that are blocked the longest. */
  readonly blocked: readonly BlockReport[]
}

/** Reads the areas `limit`, `concurrent` and `hits`. */
export interface LimitsArea {
  ask(found: FoundKey<StateName>): Question | undefined
  report(): LimitsReport
}

const nearFullFrom = 0.8
const [mostNearFull, mostOthers] = [20, 5]

// What `createLimiterKeys` and `ruleOf` of the rate limiter append: owner, policy, algorithm and window.
const policyForm = /^:([^/!]+)(?:\/([^/]+))?\/([sflb])(\d+)$/
const blockForm = /^:([^/]*)!$/
const concurrencyForm = /^:([^/]+)\/(\d+)$/

const algorithms = {
  s: 'sliding-window',
  f: 'fixed-window',
  l: 'sliding-log',
  b: 'token-bucket',
} as const

function algorithmOf(code: string): LimitReport['algorithm'] | undefined {
  return code === 's' || code === 'f' || code === 'l' || code === 'b' ? algorithms[code] : undefined
}

/** Makes a reader that has seen nothing. */
export function createLimitsArea(): LimitsArea {
  const nearFull = createLargest<LimitReport>(mostNearFull, shareOf)
  const mostUsed = createLargest<LimitReport>(mostOthers, ({ used = 0 }) => used)
  const blocked = createLargest<BlockReport>(mostOthers, ({ remainingMs }) => remainingMs)
  let counting = 0

  const add = (report: LimitReport): void => {
    counting++
    if (report.limit === undefined) mostUsed.add(report)
    else if (shareOf(report) >= nearFullFrom) nearFull.add(report)
  }
  return {
    ask(found) {
      if (found.name.area === 'limit') return askBlock(found, blocked.add) ?? askPolicy(found, add)
      return found.name.area === 'hits' ? askHits(found, add) : askConcurrency(found, add)
    },
    report: () => ({
      counting,
      nearFullCount: nearFull.count,
      nearFull: nearFull.list(),
      mostUsed: mostUsed.list(),
      blockedCount: blocked.count,
      blocked: blocked.list(),
    }),
  }
}

function shareOf({ used = 0, limit = Infinity }: LimitReport): number {
  return used / limit
}

type Found = FoundKey<StateName>
type Add = (report: LimitReport) => void

/** The key as the application knows it. */
function ownKey({ name }: Found): string {
  return name.levels + name.name
}

/** An owner that is a number is the limit itself, of a limiter without a name; `*` is one that differs by request. */
function limitIn(owner: string): { readonly limit?: number } {
  return /^\d+$/.test(owner) ? { limit: Number(owner) } : {}
}

function nameIn(owner: string): string {
  return /^[A-Za-z]/.test(owner) ? owner : 'default'
}

function askBlock(found: Found, add: (report: BlockReport) => void): Question | undefined {
  const limiter = blockForm.exec(found.name.ending)?.[1]
  if (limiter === undefined) return undefined
  return {
    commands: [['get', found.key]],
    take([until]) {
      const remainingMs = (wholeOf(until) ?? 0) - found.nowMs
      if (remainingMs > 0) add({ limiter: nameIn(limiter), key: ownKey(found), remainingMs })
    },
  }
}

function askPolicy(found: Found, add: Add): Question | undefined {
  const [, owner, name, code = '', window] = policyForm.exec(found.name.ending) ?? []
  const algorithm = algorithmOf(code)
  if (owner === undefined || algorithm === undefined) return undefined
  const windowMs = Number(window)
  const known = limitIn(owner)
  const policy = nameIn(owner) + (name === undefined ? '' : `/${policyName(name)}`)
  return {
    commands: [['get', found.key]],
    take([state]) {
      const use = usedOf(algorithm, textOf(state) ?? '', {
        ...known,
        windowMs,
        nowMs: found.nowMs,
      })
      if (use === undefined) return
      // What a bucket holds at most is not kept: its burst may be another number than its limit.
      const limit = algorithm === 'token-bucket' ? {} : known
      add({ policy, algorithm, key: ownKey(found), ...limit, windowMs, ...use })
    },
  }
}

function policyName(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}

function askConcurrency(found: Found, add: Add): Question | undefined {
  const owner = concurrencyForm.exec(found.name.ending)?.[1]
  if (owner === undefined) return undefined
  return {
    commands: [['zcount', found.key, `(${found.nowMs}`, '+inf']],
    take([held]) {
      const used = wholeOf(held) ?? 0
      if (used === 0) return
      const [algorithm, policy] = ['concurrency' as const, nameIn(owner)]
      add({ policy, algorithm, key: ownKey(found), used, ...limitIn(owner) })
    },
  }
}

function askHits(found: Found, add: Add): Question {
  return {
    commands: [['get', found.key]],
    take([count]) {
      const used = wholeOf(count) ?? 0
      if (used === 0) return
      const policy = policyName(found.name.ending.slice(1))
      const resets = found.ttlMs > 0 ? { resetsInMs: found.ttlMs } : {}
      add({ policy, algorithm: 'hits', key: ownKey(found), used, ...resets })
    },
  }
}
