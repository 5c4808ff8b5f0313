import type { Exchange } from '@sluice/core/http'
import { createDecider, type Ask, type Decider } from './decider.ts'
import type { Decision } from './decision.ts'
import { isStoreFailure } from './errors.ts'
import { parseGateOptions, type GateConfig, type RateLimitOptions } from './gate-options.ts'
import { legacyHeaders, retryAfterSeconds, standardHeaders } from './headers.ts'

/** What the gate did with a request. */
export interface GateResult {
  /** False when it was answered already: the handler must not run. */
  readonly passes: boolean
  /** What the limiter decided. `undefined` when it was skipped, or refused because the store failed. */
  readonly decision: Decision | undefined
}

/** Lets a request pass or answers it. Rejects with what belongs on the framework's error path. */
export type Gate<Context> = (exchange: Exchange<Context>) => Promise<GateResult>

/** A store that failed is asked again by the first request after this time. */
const unavailableRetrySeconds = 1

/** All that the middleware does, for any framework. */
export function createGate<Context>(options: RateLimitOptions<Context>): Gate<Context> {
  const config = parseGateOptions(options)
  const decider = createDecider(config.limiter)
  return async function gate(exchange) {
    const { context } = exchange
    if (await config.skips(context)) return { passes: true, decision: undefined }
    const [key, cost, rules] = await Promise.all([
      config.keyOf(exchange),
      config.costOf(context),
      config.rulesFor(context),
    ])
    const decision = await decideUnlessClosed(decider, { key, cost, rules, take: true })
    if (decision === undefined) answerUnavailable(exchange)
    else tell(exchange, decision, config.headers)
    return { passes: decision?.allowed ?? false, decision }
  }
}

/** `undefined` when the store failed and the policy is to let nobody pass. */
async function decideUnlessClosed(decider: Decider, ask: Ask): Promise<Decision | undefined> {
  try {
    return await decider.decide(ask)
  } catch (error) {
    if (isStoreFailure(error)) return undefined
    throw error
  }
}

function tell(
  exchange: Exchange,
  decision: Decision,
  headers: GateConfig<unknown>['headers'],
): void {
  // Where nobody counted, no header claims what is left.
  if (decision.source !== 'open') {
    if (headers.standard) eachOf(standardHeaders(decision), exchange.appendHeader)
    if (headers.legacy) eachOf(legacyHeaders(decision, Date.now()), exchange.setHeader)
  }
  if (!decision.allowed) answer(exchange, 429, 'Rate limit exceeded', retryAfterSeconds(decision))
}

/** Not 429: the client did nothing wrong. */
function answerUnavailable(exchange: Exchange): void {
  answer(exchange, 503, 'Service unavailable', unavailableRetrySeconds)
}

function answer(exchange: Exchange, status: number, error: string, retryAfter: number): void {
  exchange.answer({
    status,
    headers: { 'Retry-After': String(retryAfter) },
    body: { error, retryAfter },
  })
}

function eachOf(
  lines: Readonly<Record<string, string>>,
  write: (name: string, value: string) => void,
): void {
  for (const [name, value] of Object.entries(lines)) write(name, value)
}
