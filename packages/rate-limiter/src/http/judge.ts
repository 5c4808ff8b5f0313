import { failureReporter } from '@sluice/core/extend'
import type { Exchange } from '@sluice/core/http'
import type { Subject } from '../decider/ask.ts'
import { createDecider } from '../decider/decider.ts'
import type { Decision } from '../decision.ts'
import { isStoreFailure } from '../errors.ts'
import type { Rule } from '../policy.ts'
import type { GateConfig } from './gate-options.ts'
import { warnOfCountingTwice, warnOfProxies, type Trust } from './setup-warnings.ts'

/**
 * What is to be done with a request: let it pass without a word (`'uncounted'`), refuse it for its address (`'denied'`) or
 * because the store failed (`'unavailable'`), or what the limiter decided.
 */
export type Verdict = 'uncounted' | 'denied' | 'unavailable' | Decision

/** Judges a request, and sends nothing. Rejects with what belongs on the framework's error path. */
export type Judge<Context> = (exchange: Exchange<Context>) => Promise<Verdict>

const reportFailure = failureReporter('rate-limiter')

/** @param trustOf whom the app believes about a client's address, which only an adapter can know */
export function createJudge<Context extends object>(
  config: GateConfig<Context>,
  trustOf: (context: Context) => Trust,
): Judge<Context> {
  const { limiter, lists, skip, refundOn, onLimited, warnings } = config
  const decider = createDecider(limiter)
  return async function judge(exchange) {
    const { context } = exchange
    if (config.usesAddress) warnOfProxies(warnings, exchange, trustOf)
    const listed = lists.of(exchange.ip)
    if (listed === 'denied') return 'denied'
    if (listed === 'allowed' || (skip !== undefined && (await skip(context)))) return 'uncounted'

    const found = subjectOf(config, exchange)
    const subject = found instanceof Promise ? await found : found
    warnOfCountingTwice(warnings, context, limiter.cache, subject)
    const { key, cost, rules } = subject
    let verdict: Decision
    try {
      verdict = await decider.decide({ key, cost, rules, take: true })
    } catch (error) {
      if (isStoreFailure(error)) return 'unavailable'
      throw error
    }
    if (refundOn !== undefined && verdict.granted > 0) {
      whenClosed(exchange, refundOn, () => decider.refund(subject, verdict))
    }
    if (onLimited !== undefined && !verdict.allowed) {
      void absorb('onLimited', async () => onLimited(context, verdict))
    }
    return verdict
  }
}

/** At once where nothing of it takes time. */
function subjectOf<Context>(
  { keyOf, costOf, rulesFor }: GateConfig<Context>,
  exchange: Exchange<Context>,
): Subject | Promise<Subject> {
  const { context } = exchange
  const key = keyOf(exchange)
  const cost = costOf(context)
  const rules = rulesFor(context)
  if (typeof key === 'string' && typeof cost === 'number' && !(rules instanceof Promise)) {
    return { key, cost, rules }
  }
  return subjectOfLater(key, cost, rules)
}

async function subjectOfLater(
  ...[key, cost, rules]: readonly [
    key: string | Promise<string>,
    cost: number | Promise<number>,
    rules: readonly Rule[] | Promise<readonly Rule[]>,
  ]
): Promise<Subject> {
  const [k, c, r] = await Promise.all([key, cost, rules])
  return { key: k, cost: c, rules: r }
}

/** Gives units back by the status of a response that was begun: without one nobody knows how the request ended. */
function whenClosed<Context>(
  exchange: Exchange<Context>,
  refundOn: (status: number, context: Context) => boolean,
  refund: () => Promise<void>,
): void {
  exchange.onClosed(() => {
    void absorb('refundOn', async () => {
      if (exchange.headersSent && refundOn(exchange.status, exchange.context)) await refund()
    })
  })
}

/** Nobody waits for this work, so what goes wrong in it is told to whoever watches. Never rejects. */
async function absorb(verb: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    reportFailure({ verb, instead: 'ignored', error })
  }
}
