import { failureReporter } from '@sluice/core/extend'
import type { Exchange } from '@sluice/core/http'
import type { Decision } from '../decision.ts'
import { parseGateOptions, type GateConfig, type RateLimitOptions } from './gate-options.ts'
import { legacyHeaders, standardHeaders, withoutTimes } from './headers.ts'
import { createJudge, type Judge } from './judge.ts'
import { forbidden, tooManyRequests, unavailable, withOverride } from './refusal-answer.ts'
import { warnOfProcessMemory, type Trust } from './setup-warnings.ts'

/** What the gate did with a request. */
export interface GateResult {
  /** False when it was answered already: the handler must not run. */
  readonly passes: boolean
  /** What the limiter decided. `undefined` when it was not asked, or its store failed and nobody may pass. */
  readonly decision: Decision | undefined
}

/** Lets a request pass or answers it. Rejects with what belongs on the framework's error path. */
export type Gate<Context> = (exchange: Exchange<Context>) => Promise<GateResult>

/** What only an adapter can know. */
export interface Surroundings<Context> {
  /** Whom the app believes about a client's address. */
  readonly trustOf: (context: Context) => Trust
}

const reportFailure = failureReporter('rate-limiter')

/** All that the middleware does, for any framework. */
export function createGate<Context extends object>(
  options: RateLimitOptions<Context>,
  { trustOf }: Surroundings<Context>,
): Gate<Context> {
  const config = parseGateOptions(options)
  warnOfProcessMemory(config.warnings, config.limiter.cache)
  const judge = createJudge(config, trustOf)
  return config.dryRun ? dryGate(judge) : realGate(config, judge)
}

function realGate<Context>(config: GateConfig<Context>, judge: Judge<Context>): Gate<Context> {
  const { headers } = config
  const form = { problem: config.problem, retryAfter: headers.retryAfter }
  return async function gate(exchange) {
    const verdict = await judge(exchange)
    if (verdict === 'uncounted') return { passes: true, decision: undefined }
    if (verdict === 'denied' || verdict === 'unavailable') {
      withdrawTimes(exchange)
      exchange.answer(
        verdict === 'denied' ? forbidden(form, exchange) : unavailable(form, exchange),
      )
      return { passes: false, decision: undefined }
    }
    if (!verdict.allowed) withdrawTimes(exchange)
    tellQuota(exchange, verdict, headers)
    if (!verdict.allowed) {
      const override = await config.answer?.(exchange.context, verdict)
      exchange.answer(withOverride(tooManyRequests(form, exchange, verdict), override))
    }
    return { passes: verdict.allowed, decision: verdict }
  }
}

/** Whatever happens, the request passes as if there were no limiter. */
function dryGate<Context>(judge: Judge<Context>): Gate<Context> {
  return async function gate(exchange) {
    try {
      const verdict = await judge(exchange)
      return { passes: true, decision: typeof verdict === 'string' ? undefined : verdict }
    } catch (error) {
      reportFailure({ verb: 'dryRun', instead: 'open', error })
      return { passes: true, decision: undefined }
    }
  }
}

/** No `t` that an earlier limiter sent may be later than Retry-After. */
function withdrawTimes(exchange: Exchange): void {
  const told = exchange.responseHeader('RateLimit')
  if (told !== undefined) exchange.setHeader('RateLimit', [told].flat().map(withoutTimes))
}

function tellQuota(
  exchange: Exchange,
  decision: Decision,
  { standard, legacy }: GateConfig<unknown>['headers'],
): void {
  // Where nobody counted, no header claims what is left.
  if (decision.source === 'open') return
  if (standard) {
    const lines = Object.entries(standardHeaders(decision))
    for (const [name, value] of lines) exchange.appendHeader(name, value)
  }
  if (legacy) {
    const lines = Object.entries(legacyHeaders(decision, Date.now()))
    for (const [name, value] of lines) exchange.setHeader(name, value)
  }
}
