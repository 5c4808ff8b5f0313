import { OptionError, type Duration } from '@sluice/core'
import { booleanOption, checkFunction, checkOptions, wrongOption } from '@sluice/core/extend'
import type { Exchange } from '@sluice/core/http'
import { parseAddressLists, type AddressLists } from './address-lists.ts'
import { clientKey, subnetOption } from './client-key.ts'
import type { Decision } from '../decision.ts'
import {
  checkCost,
  limiterOptionNames,
  parseSettings,
  type LimiterConfig,
  type LimiterSettings,
} from '../options.ts'
import { resolve, rulesByRequest, type PerRequest, type RulesFor } from './per-request.ts'
import { draftPolicies, type Counting, type Limits } from '../policy.ts'
import type { AnswerOverride } from './refusal-answer.ts'
import { createWarnings, type WarningCode, type Warnings } from './warnings.ts'

/** Which headers are sent. */
export interface HeaderOptions {
  /** `RateLimit` and `RateLimit-Policy` of the IETF draft. Default true. */
  readonly standard?: boolean | undefined
  /** `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds since 1970). Default true. */
  readonly legacy?: boolean | undefined
  /** `Retry-After` with every refusal. Default true. */
  readonly retryAfter?: boolean | undefined
}

/** What the middleware can be told beside the limiter's settings. A function that throws fails the request. */
export interface GateSettings<Context> {
  /** Whose budget the request takes from. Default: `clientKey` of the client's address. */
  readonly key?: ((context: Context) => string | Promise<string>) | undefined
  /** For the default key: how many leading bits of an IPv6 address name a client, 32 to 128. Default 56. */
  readonly ipv6Subnet?: number | undefined
  /** How many units the request takes; 0 passes always. Default 1. */
  readonly cost?: PerRequest<Context, number> | undefined
  /** True lets a request pass uncounted, without headers and without asking the store. Default: none. */
  readonly skip?: ((context: Context) => boolean | Promise<boolean>) | undefined
  /**
   * Addresses and CIDRs, IPv4 or IPv6, that pass uncounted, without headers and without asking the store:
   * `['10.0.0.0/8', '::1']`. Default: none.
   */
  readonly allow?: readonly string[] | undefined
  /** Addresses and CIDRs that are answered with 403 `{ error: 'Forbidden' }`, even those that `allow` names. Default: none. */
  readonly deny?: readonly string[] | undefined
  /** Default: all. */
  readonly headers?: HeaderOptions | undefined
  /**
   * Whether refusals are `application/problem+json` (RFC 9457): true always, false never. Default: where the request's
   * Accept asks for it.
   */
  readonly problem?: boolean | undefined
  /** Says parts of the 429 otherwise, now or later. `Retry-After` stays unless it is among the headers given. */
  readonly answer?:
    | ((
        context: Context,
        decision: Decision,
      ) => AnswerOverride | undefined | Promise<AnswerOverride | undefined>)
    | undefined
  /**
   * True gives the units back once the response is closed, by its status: `(status) => status < 400` counts failed logins
   * alone. Meanwhile they are taken. A response that was never begun, because the client left first, gives nothing back.
   * What this throws is reported to `sluice:rate-limiter:failure`, and nothing is given back. Default: none.
   */
  readonly refundOn?: ((status: number, context: Context) => boolean) | undefined
  /**
   * True decides and counts, tells `onLimited` and the handler, and lets every request pass, without headers: also those of
   * the deny list, and those where something fails, which is reported to `sluice:rate-limiter:failure`. Default false.
   */
  readonly dryRun?: boolean | undefined
  /**
   * Called for every request over the limit, before it is answered; not waited for. What it throws or rejects with is
   * reported to `sluice:rate-limiter:failure`. Default: none.
   */
  readonly onLimited?: ((context: Context, decision: Decision) => void | Promise<void>) | undefined
  /** Warnings that are not wanted, by their codes. Default: none. */
  readonly silence?: readonly WarningCode[] | undefined
}

/** Options of the middleware. `limit`, `window` and `cost` may be functions of the request. */
export type RateLimitOptions<Context> = LimiterSettings &
  Counting &
  GateSettings<Context> &
  Limits<PerRequest<Context, number>, PerRequest<Context, Duration>>

/** Options, parsed once. */
export interface GateConfig<Context> extends Pick<
  GateSettings<Context>,
  'skip' | 'answer' | 'refundOn' | 'onLimited' | 'problem'
> {
  readonly limiter: LimiterConfig
  readonly headers: Readonly<Record<keyof HeaderOptions, boolean>>
  readonly dryRun: boolean
  readonly lists: AddressLists
  /** True where it matters what the framework takes for a client's address. */
  readonly usesAddress: boolean
  readonly warnings: Warnings
  keyOf(exchange: Exchange<Context>): string | Promise<string>
  costOf(context: Context): number | Promise<number>
  readonly rulesFor: RulesFor<Context>
}

const ownOptionNames = [
  'key',
  'ipv6Subnet',
  'cost',
  'skip',
  'allow',
  'deny',
  'headers',
  'problem',
  'answer',
  'refundOn',
  'dryRun',
  'onLimited',
  'silence',
] as const

/** @throws OptionError for an option that is unknown, missing or of the wrong kind */
export function parseGateOptions<Context>(options: RateLimitOptions<Context>): GateConfig<Context> {
  checkOptions('rateLimit', options, [...limiterOptionNames, ...ownOptionNames])
  const { key, skip, answer, refundOn, onLimited, problem, allow, deny } = options
  for (const [name, value] of Object.entries({ key, skip, answer, refundOn, onLimited })) {
    checkFunction(value, name)
  }
  if (problem !== undefined) booleanOption(problem, 'problem', false)
  const limiter = parseSettings(options)
  return {
    ...{ skip, answer, refundOn, onLimited, problem },
    limiter,
    headers: parseHeaders(options.headers ?? {}),
    dryRun: booleanOption(options.dryRun, 'dryRun', false),
    lists: parseAddressLists(allow, deny),
    usesAddress: key === undefined || allow !== undefined || deny !== undefined,
    warnings: createWarnings(options.silence),
    keyOf: parseKey(options),
    costOf: parseCost(options.cost ?? 1),
    rulesFor: rulesByRequest(
      draftPolicies<PerRequest<Context, number>, PerRequest<Context, Duration>>(
        options,
        options.name,
      ),
      limiter.lease,
    ),
  }
}

function parseKey<Context>({
  key,
  ipv6Subnet,
}: GateSettings<Context>): GateConfig<Context>['keyOf'] {
  const subnet = { ipv6Subnet: subnetOption(ipv6Subnet) }
  if (key === undefined) return ({ ip }) => clientKey(ip, subnet)
  if (ipv6Subnet === undefined) return ({ context }) => key(context)
  throw new OptionError(
    '"ipv6Subnet" goes with the default key alone. In a "key" of your own use clientKey(address, { ipv6Subnet }).',
  )
}

function parseCost<Context>(cost: PerRequest<Context, number>): GateConfig<Context>['costOf'] {
  if (typeof cost === 'function') {
    return async (context) => checkCost(await resolve(cost, context))
  }
  const fixed = checkCost(cost)
  return () => fixed
}

function parseHeaders(headers: HeaderOptions): GateConfig<unknown>['headers'] {
  if (typeof headers !== 'object' || headers === null) {
    throw wrongOption('headers', 'an object such as { standard: true, legacy: false }', headers)
  }
  checkOptions('rateLimit headers', headers, ['standard', 'legacy', 'retryAfter'])
  return {
    standard: booleanOption(headers.standard, 'headers.standard', true),
    legacy: booleanOption(headers.legacy, 'headers.legacy', true),
    retryAfter: booleanOption(headers.retryAfter, 'headers.retryAfter', true),
  }
}
