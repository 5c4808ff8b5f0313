import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Decision, PolicyDecision } from '../src/index.ts'
import { legacyHeaders, retryAfterSeconds, standardHeaders } from '../src/http/headers.ts'
import { parseList } from './structured-fields.ts'

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
  const { limit, remaining, retryAfterMs, resetAfterMs } = policies[0] ?? policy()
  return {
    allowed: policies.every((each) => each.allowed),
    granted: 1,
    policies,
    limit,
    remaining,
    retryAfterMs,
    resetAfterMs,
    blockedForMs: 0,
    source: 'store',
    decidedAtMs: 1_800_000_000_000,
    ...given,
  }
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
  [
    'a name that has to be escaped',
    decision([policy({ name: 'a"b\\c' })]),
    '"a\\"b\\\\c";q=100;w=60',
    '"a\\"b\\\\c";r=50;t=30',
  ],
  [
    'a key that is blocked: nothing is there until it is over',
    decision([policy(), policy({ name: 'daily' })], { allowed: false, blockedForMs: 90_001 }),
    '"default";q=100;w=60, "daily";q=100;w=60',
    '"default";r=0;t=91, "daily";r=0;t=91',
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

  it('claim nothing where there is no limit', () => {
    const unlimited = { limit: Infinity, remaining: Infinity, resetAfterMs: 0 }
    expect(standardHeaders(decision([], unlimited))).toEqual({})
    expect(legacyHeaders(decision([], unlimited), 0)).toEqual({})
  })

  it('of a blocked key tell of the block, whatever its policies have left', () => {
    const blocked = { allowed: false, blockedForMs: 120_000, resetAfterMs: 120_000 }
    const { remaining } = policy()
    expect(remaining).toBeGreaterThan(0)
    expect(legacyHeaders(decision([policy()], blocked), 0)).toMatchObject({
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': '120',
    })
    expect(retryAfterSeconds(decision([policy()], blocked))).toBe(120)
    const longer = policy({ allowed: false, retryAfterMs: 121_000 })
    expect(retryAfterSeconds(decision([longer], blocked))).toBe(121)
  })

  const ms = fc.oneof(fc.integer({ min: 1, max: 200_000 }), fc.maxSafeNat())
  const anyName = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 64,
  })
  const anyPolicy = fc
    .record({
      name: anyName,
      waits: fc.constantFrom('no', 'yes', 'for ever'),
      limit: fc.oneof(fc.maxSafeNat(), fc.constant(Infinity)),
      remaining: fc.oneof(fc.maxSafeNat(), fc.constant(Infinity)),
      windowMs: ms,
      refillAfterMs: ms,
      furtherMs: ms,
    })
    .map(({ waits, furtherMs, ...given }) => {
      const wait = waits === 'yes' ? given.refillAfterMs + furtherMs : 0
      const retryAfterMs = waits === 'for ever' ? undefined : wait
      return policy({ ...given, allowed: waits === 'no', retryAfterMs })
    })
  const anyDecision = fc
    .tuple(fc.array(anyPolicy, { minLength: 1 }), fc.oneof(fc.constant(0), ms))
    .map(([policies, blockedForMs]) =>
      decision(policies, {
        blockedForMs,
        ...(blockedForMs > 0 ? { allowed: false } : {}),
      }),
    )

  it('are lists of structured fields whatever policies are called and count', () => {
    fc.assert(
      fc.property(anyDecision, (given) => {
        const headers = standardHeaders(given)
        const names = given.policies.map(({ name }) => name)
        const policies = parseList(headers['RateLimit-Policy'] ?? '')
        const quotas = parseList(headers['RateLimit'] ?? '')
        expect(policies.map(({ value }) => value)).toEqual(names)
        expect(quotas.map(({ value }) => value)).toEqual(names)
        for (const { parameters } of policies) expect(parameters).toHaveProperty('q')
        for (const { parameters } of quotas) expect(parameters).toHaveProperty('r')
        for (const { parameters } of [...policies, ...quotas])
          for (const value of Object.values(parameters)) expect(value).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('never tell to come back before the t of any policy', () => {
    fc.assert(
      fc.property(anyDecision, (refused) => {
        fc.pre(!refused.allowed)
        const seconds = retryAfterSeconds(refused)
        expect(seconds).toBeGreaterThanOrEqual(1)
        for (const { parameters } of parseList(standardHeaders(refused)['RateLimit'] ?? ''))
          expect(seconds).toBeGreaterThanOrEqual(parameters['t'] ?? 0)
      }),
    )
  })
})

describe('the reader of structured fields', () => {
  it.each([
    'default;q=1',
    '"a"b";q=1',
    '"é";q=1',
    '"a\\b";q=1',
    '"a";q=Infinity',
    '"a";q=1.5',
    '"a";q=1000000000000000',
    '"a";q=1,',
    '"a";q=1 "b";q=1',
    '',
  ])('refuses %s', (field) => {
    expect(() => parseList(field)).toThrow(/Expected/)
  })
})
