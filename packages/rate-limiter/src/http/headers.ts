import type { Decision, PolicyDecision } from '../decision.ts'

/** Header lines by name. */
export type HeaderLines = Readonly<Record<string, string>>

/** Structured fields hold integers of at most 15 digits (RFC 9651, 3.3.1). */
const largest = 999_999_999_999_999

/**
 * `RateLimit` and `RateLimit-Policy` as draft-ietf-httpapi-ratelimit-headers-10 writes them, an item a policy; nothing
 * where there is no policy.
 *
 * A refusal tells `t` only of the policies that refuse, since Retry-After must not be earlier than any `t` (draft, 5). Of a
 * key that is blocked nothing is there until the block is over, whatever its policies have left.
 */
export function standardHeaders(decision: Decision): HeaderLines {
  const { policies } = decision
  if (policies.length === 0) return {}
  return {
    'RateLimit-Policy': policies.map(policyItem).join(', '),
    RateLimit: policies.map((policy) => quotaItem(policy, decision)).join(', '),
  }
}

/**
 * The headers that most services send; none where there is no policy. `X-RateLimit-Reset` is in seconds since 1970, when all
 * units are there again.
 */
export function legacyHeaders(decision: Decision, nowMs: number): HeaderLines {
  const { policies, limit, remaining, blockedForMs, resetAfterMs } = decision
  if (policies.length === 0) return {}
  return {
    'X-RateLimit-Limit': String(limit),
    'X-RateLimit-Remaining': String(blockedForMs > 0 ? 0 : remaining),
    'X-RateLimit-Reset': String(seconds(nowMs + resetAfterMs)),
  }
}

/**
 * Whole seconds until the same request may pass: never 0, never too early, never before a `t`. A policy that the request
 * can never pass, because it costs more than the limit, counts with its window.
 */
export function retryAfterSeconds({ policies, blockedForMs }: Decision): number {
  const waits = policies.map(({ allowed, retryAfterMs, windowMs, refillAfterMs }) =>
    allowed ? 0 : Math.max(retryAfterMs ?? windowMs, refillAfterMs),
  )
  return Math.max(1, seconds(Math.max(blockedForMs, ...waits)))
}

/** `RateLimit` as another limiter wrote it, without any `t`: a refusal that comes after it may end earlier. */
export function withoutTimes(field: string): string {
  return field.replace(/("(?:[^"\\]|\\.)*")|;t=\d+/g, (_, name: string | undefined) => name ?? '')
}

/** A window that is not whole seconds has no `w`: rounded it would state another rate. */
function policyItem({ name, limit, windowMs }: PolicyDecision): string {
  const w = windowMs % 1000 === 0 ? `;w=${integer(windowMs / 1000)}` : ''
  return `${text(name)};q=${integer(limit)}${w}`
}

function quotaItem(policy: PolicyDecision, { allowed, blockedForMs }: Decision): string {
  const { name, remaining, refillAfterMs } = policy
  if (blockedForMs > 0) return `${text(name)};r=0;t=${seconds(blockedForMs)}`
  const tellsTime = (allowed || !policy.allowed) && refillAfterMs > 0
  return `${text(name)};r=${integer(remaining)}${tellsTime ? `;t=${seconds(refillAfterMs)}` : ''}`
}

/** A string of a structured field (RFC 9651, 3.3.3); the options admit nothing that it cannot hold. */
function text(value: string): string {
  // Most names need no change; to see that costs a quarter of what the regular expression does.
  if (!value.includes('"') && !value.includes('\\')) return `"${value}"`
  return `"${value.replace(/["\\]/g, '\\$&')}"`
}

function integer(value: number): number {
  return Math.min(value, largest)
}

function seconds(ms: number): number {
  return integer(Math.ceil(ms / 1000))
}
