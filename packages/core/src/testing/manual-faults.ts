import { durationMs, type Duration } from '../duration.ts'
import type { UnavailableReason } from '../errors.ts'
import { checkOptions, choiceOption, wrongOption } from '../options.ts'

/** Which calls a fault meets. */
export interface FaultOptions {
  /**
   * A verb of the store (`'get'`, `'set'`, `'getMany'`, `'setMany'`, `'delete'`, `'scan'`, `'ping'`), `'run'` for every
   * operation, or the name of one (`'rate-limiter.consume'`). Default: every call.
   */
  readonly on?: string | undefined
  /** How many calls; `Infinity` until `heal()`. Default 1, the next one. */
  readonly times?: number | undefined
}

/** Options of `fail`. */
export interface FailOptions extends FaultOptions {
  /** The error's reason. Default `'disconnected'`. */
  readonly reason?: UnavailableReason | undefined
}

/** What happens to one call. */
export type Fault =
  | {
      /** The store is not asked. */
      readonly kind: 'fail'
      /** The reason of the error. */
      readonly reason: UnavailableReason
    }
  | {
      /** The store does it, and the caller is told that it timed out. */
      readonly kind: 'lose-reply'
    }
  | {
      /** The store is asked later. */
      readonly kind: 'late'
      /** Resolves when the call reaches the store. */
      readonly arrive: () => Promise<void>
    }

/** What is wrong with a store, as a test decides. Where several faults could meet a call, the one asked for first does. */
export interface ManualFaults {
  /** Calls fail with `StoreUnavailableError`; the store is not asked, which the error does not know. */
  fail(options?: FailOptions): void
  /** Calls are applied, and the caller is told that they timed out. */
  loseReply(options?: FaultOptions): void
  /** Calls reach the store late, by the timers of the process or the fake ones of a test runner. */
  delay(by: Duration, options?: FaultOptions): void
  /** Calls wait until the function is called that is returned; then later ones pass too. */
  hold(options?: FaultOptions): () => void
  /** How many calls wait in a `hold` now. */
  readonly held: number
  /** Forgets all faults and lets go of the calls that wait. */
  heal(): void
  /** The fault that meets a call, if one does: what `flakyStore` asks. */
  next(verb: string, operation?: string): Fault | undefined
}

/** The calls that a fault meets, parsed. */
interface Calls {
  readonly on: string | undefined
  readonly times: number
}

interface Planned {
  readonly fault: Fault
  readonly on: string | undefined
  left: number
}

/**
 * Faults that a test plants in a `flakyStore`, one by one.
 *
 * @example
 * const faults = manualFaults()
 * const cache = createCache({ store: flakyStore(memoryStore(), faults) })
 * faults.fail({ on: 'get', times: 2 })
 */
export function manualFaults(): ManualFaults {
  let plan: Planned[] = []
  const releases = new Set<() => void>()
  let held = 0

  const add = (fault: Fault, { on, times }: Calls): Planned => {
    const planned = { fault, on, left: times }
    plan.push(planned)
    return planned
  }

  return {
    fail(options = {}) {
      const reason = choiceOption(options.reason, 'reason', reasons, 'disconnected')
      add({ kind: 'fail', reason }, parse('fail', options))
    },
    loseReply(options) {
      add({ kind: 'lose-reply' }, parse('loseReply', options))
    },
    delay(by, options) {
      const ms = durationMs(by, 'by')
      // The global timer, which the fake timers of any test runner replace.
      const arrive = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
      add({ kind: 'late', arrive }, parse('delay', options))
    },
    hold(options) {
      const { opened, open } = createGate()
      const arrive = async (): Promise<void> => {
        held++
        await opened
        held--
      }
      const planned = add({ kind: 'late', arrive }, parse('hold', options))
      const release = (): void => {
        plan = plan.filter((one) => one !== planned)
        releases.delete(release)
        open()
      }
      releases.add(release)
      return release
    },
    get held() {
      return held
    },
    heal() {
      plan = []
      for (const release of releases) release()
    },
    next(verb, operation) {
      const met = plan.find(({ on }) => on === undefined || on === verb || on === operation)
      if (met === undefined) return undefined
      met.left--
      if (met.left === 0) plan = plan.filter((one) => one !== met)
      return met.fault
    },
  }
}

function createGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}

const reasons = [
  'timeout',
  'disconnected',
  'breaker-open',
  'not-serving',
  'denied',
  'not-replicated',
] as const

function parse(owner: string, options: FaultOptions = {}): Calls {
  checkOptions(owner, options, owner === 'fail' ? ['on', 'times', 'reason'] : ['on', 'times'])
  const { on, times = 1 } = options
  if (times !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(times) && times >= 1)) {
    throw wrongOption('times', 'a whole number of at least 1, or Infinity', times)
  }
  return { on, times }
}
