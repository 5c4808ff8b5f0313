import type { Duration } from '@sluice/core'
import { booleanOption, checkFunction, checkOptions, wrongOption } from '@sluice/core/extend'
import type { Exchange } from '@sluice/core/http'
import { clientKey } from './client-key.ts'
import {
  checkCost,
  limiterOptionNames,
  parseSettings,
  type LimiterConfig,
  type LimiterSettings,
} from './options.ts'
import { draftPolicies, ruleOf, type Limits, type PolicyDraft, type Rule } from './policy.ts'

/** A value, or a function of the request that answers with it, now or later: Express gives `req`, Koa `ctx`. */
export type PerRequest<Context, Value extends string | number | boolean> =
  Value | ((context: Context) => Value | Promise<Value>)

/** Which headers tell the quota. `Retry-After` comes with every refusal. */
export interface HeaderOptions {
  /** `RateLimit` and `RateLimit-Policy` of the IETF draft. Default true. */
  readonly standard?: boolean | undefined
  /** `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds since 1970). Default true. */
  readonly legacy?: boolean | undefined
}

/** What the middleware can be told beside the limiter's settings. A function that throws fails the request. */
export interface GateSettings<Context> {
  /** Whose budget the request takes from. Default: `clientKey` of the client's address. */
  readonly key?: ((context: Context) => string | Promise<string>) | undefined
  /** How many units the request takes; 0 passes always. Default 1. */
  readonly cost?: PerRequest<Context, number> | undefined
  /** True lets a request pass uncounted, without headers and without asking the store. Default: none. */
  readonly skip?: ((context: Context) => boolean | Promise<boolean>) | undefined
  /** Default: both. */
  readonly headers?: HeaderOptions | undefined
}

/** Options of the middleware. `limit`, `window` and `cost` may be functions of the request. */
export type RateLimitOptions<Context> = LimiterSettings &
  GateSettings<Context> &
  Limits<PerRequest<Context, number>, PerRequest<Context, Duration>>

/** Options, parsed once. */
export interface GateConfig<Context> {
  readonly limiter: LimiterConfig
  readonly headers: { readonly standard: boolean; readonly legacy: boolean }
  skips(context: Context): boolean | Promise<boolean>
  keyOf(exchange: Exchange<Context>): string | Promise<string>
  costOf(context: Context): Promise<number>
  rulesFor(context: Context): readonly Rule[] | Promise<readonly Rule[]>
}

const known = [...limiterOptionNames, 'key', 'cost', 'skip', 'headers'] as const

/** @throws OptionError for an option that is unknown, missing or of the wrong kind */
export function parseGateOptions<Context>(options: RateLimitOptions<Context>): GateConfig<Context> {
  checkOptions('rateLimit', options, known)
  const { key, skip, cost = 1 } = options
  checkFunction(key, 'key')
  checkFunction(skip, 'skip')
  if (typeof cost !== 'function') checkCost(cost)
  return {
    limiter: parseSettings(options),
    headers: parseHeaders(options.headers ?? {}),
    skips: skip ?? (() => false),
    keyOf: key === undefined ? ({ ip }) => clientKey(ip) : ({ context }) => key(context),
    costOf: async (context) => checkCost(await resolve(cost, context)),
    rulesFor: rulesByRequest(
      draftPolicies<PerRequest<Context, number>, PerRequest<Context, Duration>>(
        options,
        options.name,
      ),
    ),
  }
}

function parseHeaders(headers: HeaderOptions): GateConfig<unknown>['headers'] {
  if (typeof headers !== 'object' || headers === null) {
    throw wrongOption('headers', 'an object such as { standard: true, legacy: false }', headers)
  }
  checkOptions('rateLimit headers', headers, ['standard', 'legacy'])
  return {
    standard: booleanOption(headers.standard, 'headers.standard', true),
    legacy: booleanOption(headers.legacy, 'headers.legacy', true),
  }
}

type Draft<Context> = PolicyDraft<PerRequest<Context, number>, PerRequest<Context, Duration>>

/** Policies without functions are checked at once and never again. */
function rulesByRequest<Context>(
  drafts: readonly Draft<Context>[],
): GateConfig<Context>['rulesFor'] {
  const sources = drafts.map((draft) => {
    if (typeof draft.limit === 'function' || typeof draft.window === 'function') return draft
    return ruleOf(draft)
  })
  const rules = sources.filter(isRule)
  if (rules.length === sources.length) return () => rules
  return (context) =>
    Promise.all(sources.map(async (source) => (isRule(source) ? source : ruleFor(source, context))))
}

function isRule(source: Rule | Draft<never>): source is Rule {
  return 'slot' in source
}

async function ruleFor<Context>(draft: Draft<Context>, context: Context): Promise<Rule> {
  const [limit, window] = await Promise.all([
    resolve(draft.limit, context),
    resolve(draft.window, context),
  ])
  return ruleOf({ ...draft, limit, window })
}

function resolve<Context, Value extends string | number | boolean>(
  value: PerRequest<Context, Value>,
  context: Context,
): Value | Promise<Value> {
  return typeof value === 'function' ? value(context) : value
}
