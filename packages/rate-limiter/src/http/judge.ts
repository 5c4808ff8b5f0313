import { failureReporter } from '@sluice/core/extend'
import type { Exchange } from '@sluice/core/http'
import type { Subject } from '../decider/ask.ts'
import { createDecider, type Decider } from '../decider/decider.ts'
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

    const subject = await subjectOf(config, exchange)
    warnOfCountingTwice(warnings, context, limiter.cache, subject)
    const verdict = await decideUnlessClosed(decider, subject)
    if (verdict === 'unavailable') return verdict
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
  const [key, cost, rules] = [keyOf(exchange), costOf(context), rulesFor(context)]
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

async function decideUnlessClosed(
  decider: Decider,
  subject: Subject,
): Promise<Decision | 'unavailable'> {
  try {
    return await decider.decide({ ...subject, take: true })
  } catch (error) {
    if (isStoreFailure(error)) return 'unavailable'
    throw error
  }
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
