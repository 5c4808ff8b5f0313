import { agreementSuite } from '@sluice/testkit'
import fc from 'fast-check'

const text = fc.constantFrom('1', '2', 'x')
const maybe = fc.option(text, { nil: undefined })
const ttlMs = fc.constantFrom(0, 20_000, 600_000)

agreementSuite({
  operations: new URL('../src/operations/', import.meta.url),
  steps: (key) => ({
    'core.exists': fc.record({ key }),
    'core.remaining': fc.record({ key }),
    'core.expire': fc.record({ key, ttlMs }),
    'core.swap': fc.record({ key, expected: maybe, next: maybe, ttlMs }),
    'core.replace': fc.record({ key, payload: text, present: fc.boolean(), ttlMs }),
    'core.take': fc.record({ key }),
    'core.readWithTtl': fc.record({ keys: fc.array(key, { minLength: 1, maxLength: 3 }) }),
    'core.add': fc.record({
      key,
      by: fc.constantFrom(1, -1, 0, 4, -3, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
      ttlMs,
    }),
  }),
})
