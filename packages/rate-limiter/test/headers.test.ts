import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Decision, PolicyDecision } from '../src/index.ts'
import { legacyHeaders, retryAfterSeconds, standardHeaders } from '../src/headers.ts'

function policy(given: Partial<PolicyDecision> = {}): PolicyDecision {
  return {
    name: 'default',
    limit: 100,
    windowMs: 60_000,
    allowed: true,
    remaining: 50,
    retryAfterMs: 0,
    refillAfterMs: 29_001,
    resetAfterMs: 90_001,
    ...given,
  }
}

function decision(policies: readonly PolicyDecision[], given: Partial<Decision> = {}): Decision {
  const { allowed, limit, remaining, retryAfterMs, resetAfterMs } = policies[0] ?? policy()
  const whole = { allowed, limit, remaining, retryAfterMs, resetAfterMs }
  return { ...whole, policies, source: 'store', ...given }
}

const standard: readonly (readonly [what: string, Decision, policy: string, quota: string])[] = [
  ['one policy', decision([policy()]), '"default";q=100;w=60', '"default";r=50;t=30'],
  [
    'two policies',
    decision([policy({ name: 'burst', limit: 5, windowMs: 1000 }), policy({ name: 'a.b_c-d' })]),
    '"burst";q=5;w=1, "a.b_c-d";q=100;w=60',
    '"burst";r=50;t=30, "a.b_c-d";r=50;t=30',
  ],
  [
    'nothing used: no time to wait for',
    decision([policy({ remaining: 100, refillAfterMs: 0, resetAfterMs: 0 })]),
    '"default";q=100;w=60',
    '"default";r=100',
  ],
  [
    'a window that is not whole seconds',
    decision([policy({ windowMs: 1500 })]),
    '"default";q=100',
    '"default";r=50;t=30',
  ],
  [
    'numbers that a structured field cannot hold',
    decision([policy({ limit: 2 ** 53 - 1, remaining: 2 ** 53 - 2, windowMs: 1 })]),
    '"default";q=999999999999999',
    '"default";r=999999999999999;t=30',
  ],
  [
    'a refusal: only who refuses tells when',
    decision([
      policy({ allowed: false, remaining: 0, retryAfterMs: 29_001 }),
      policy({ name: 'daily', refillAfterMs: 9_000_000 }),
    ]),
    '"default";q=100;w=60, "daily";q=100;w=60',
    '"default";r=0;t=30, "daily";r=50',
  ],
]

describe('headers', () => {
  it.each(standard)('of the draft: %s', (_, given, policies, quotas) => {
    expect(standardHeaders(given)).toEqual({ 'RateLimit-Policy': policies, RateLimit: quotas })
  })

  it('of old tell the reset in seconds since 1970, rounded up', () => {
    expect(legacyHeaders(decision([policy()]), 1_800_000_000_500)).toEqual({
      'X-RateLimit-Limit': '100',
      'X-RateLimit-Remaining': '50',
      'X-RateLimit-Reset': '1800000091',
    })
  })

  it.each([
    [1, 1],
    [999, 1],
    [1000, 1],
    [1001, 2],
    [30 * 24 * 3_600_000, 2_592_000],
  ])('tell to come back after %i ms in %i s', (retryAfterMs, seconds) => {
    expect(
      retryAfterSeconds(decision([policy({ retryAfterMs, refillAfterMs: 1, allowed: false })])),
    ).toBe(seconds)
  })

  it('tell the window to come back after to what can never pass', () => {
    const never = { allowed: false, retryAfterMs: undefined, windowMs: 1500 }
    const day = policy({ windowMs: 86_400_000 })
    expect(retryAfterSeconds(decision([policy({ ...never, refillAfterMs: 0 }), day]))).toBe(2)
    expect(retryAfterSeconds(decision([policy({ ...never, refillAfterMs: 2001 }), day]))).toBe(3)
  })

  it('never tell to come back before the t of any policy', () => {
    const ms = fc.integer({ min: 1, max: 200_000 })
    const anyPolicy = fc
      .record({ waits: fc.constantFrom('no', 'yes', 'for ever'), refillAfterMs: ms, furtherMs: ms })
      .map(({ waits, refillAfterMs, furtherMs }) => {
        const wait = waits === 'yes' ? refillAfterMs + furtherMs : 0
        const retryAfterMs = waits === 'for ever' ? undefined : wait
        return policy({ allowed: waits === 'no', refillAfterMs, retryAfterMs })
      })
    fc.assert(
      fc.property(fc.array(anyPolicy, { minLength: 1 }), (policies) => {
        fc.pre(policies.some(({ allowed }) => !allowed))
        const refused = decision(policies, { allowed: false })
        const told = standardHeaders(refused)['RateLimit']?.matchAll(/;t=(\d+)/g) ?? []
        for (const [, t] of told)
          expect(retryAfterSeconds(refused)).toBeGreaterThanOrEqual(Number(t))
      }),
    )
  })
})
