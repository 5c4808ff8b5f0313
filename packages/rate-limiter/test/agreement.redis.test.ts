import { agreementSuite } from '@sluice/testkit'
import fc from 'fast-check'

agreementSuite({
  operations: new URL('../src/operations/', import.meta.url),
  steps: (key) => {
    const slots = ['a', 'b', 'c']
    const policy = fc.record({
      algorithm: fc.constant('sliding-window'),
      limit: fc.constantFrom(1, 3, 7, 2_000_000),
      windowMs: fc.constantFrom(600_000, 3_600_000),
    })
    const policies = fc
      .tuple(key, fc.array(policy, { minLength: 1, maxLength: slots.length }))
      .map(([base, all]) => all.map((one, at) => ({ ...one, key: `${base}:${slots[at]}` })))
    return {
      'rate-limiter.consume': fc.record({
        policies,
        cost: fc.oneof(fc.constant(1), fc.nat(4), fc.constantFrom(2_000_000, 2_000_001)),
        take: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.boolean()),
      }),
      'rate-limiter.reset': key.map((base) => ({ keys: slots.map((slot) => `${base}:${slot}`) })),
    }
  },
})
