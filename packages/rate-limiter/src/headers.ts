import type { Decision, PolicyDecision } from './decision.ts'

/** Header lines by name. */
export type HeaderLines = Readonly<Record<string, string>>

/** Structured fields hold integers of at most 15 digits (RFC 9651, 3.3.1). */
const largest = 999_999_999_999_999

/**
 * `RateLimit` and `RateLimit-Policy` as draft-ietf-httpapi-ratelimit-headers-10 writes them, an item a policy. Policy
 * names need no escaping: the options admit no other.
 *
 * A refusal tells `t` only of the policies that refuse, since Retry-After must not be earlier than any `t` (draft, 5).
 */
export function standardHeaders({ allowed, policies }: Decision): HeaderLines {
  return {
    'RateLimit-Policy': policies.map(policyItem).join(', '),
    RateLimit: policies.map((policy) => quotaItem(policy, allowed || !policy.allowed)).join(', '),
  }
}

/** The headers that most services send. `X-RateLimit-Reset` is in seconds since 1970, when all units are there again. */
export function legacyHeaders(decision: Decision, nowMs: number): HeaderLines {
  return {
    'X-RateLimit-Limit': String(decision.limit),
    'X-RateLimit-Remaining': String(decision.remaining),
    'X-RateLimit-Reset': String(Math.ceil((nowMs + decision.resetAfterMs) / 1000)),
  }
}

/**
 * Whole seconds until the same request may pass: never 0, never too early, never before a `t`. A policy that the request
 * can never pass, because it costs more than the limit, counts with its window.
 */
export function retryAfterSeconds({ policies }: Decision): number {
  const waits = policies.map(({ allowed, retryAfterMs, windowMs, refillAfterMs }) =>
    allowed ? 0 : Math.max(retryAfterMs ?? windowMs, refillAfterMs),
  )
  return Math.max(1, seconds(Math.max(...waits)))
}

/** A window that is not whole seconds has no `w`: rounded it would state another rate. */
function policyItem({ name, limit, windowMs }: PolicyDecision): string {
  const w = windowMs % 1000 === 0 ? `;w=${windowMs / 1000}` : ''
  return `"${name}";q=${integer(limit)}${w}`
}

function quotaItem({ name, remaining, refillAfterMs }: PolicyDecision, tellsTime: boolean): string {
  const t = tellsTime && refillAfterMs > 0 ? `;t=${seconds(refillAfterMs)}` : ''
  return `"${name}";r=${integer(remaining)}${t}`
}

function integer(value: number): number {
  return Math.min(value, largest)
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000)
}
