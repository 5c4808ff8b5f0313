import { agreementSuite } from '@sluice/testkit'
import fc from 'fast-check'

const token = fc.constantFrom('host:1/a', 'host:2/b', 'host:2/c', 'host:3/d')
const ttlMs = fc.constantFrom(20_000, 600_000)
const units = fc.constantFrom(1, 1, 2)
const retentionMs = fc.constant(604_800_000)
const channel = fc.constantFrom('a channel', undefined)

agreementSuite({
  operations: new URL('../src/operations/', import.meta.url),
  steps: (key) => ({
    'distributed-lock.acquire': fc
      .record({ key, token, ttlMs, units, more: fc.constantFrom(0, 0, 1), retentionMs, channel })
      .map(({ more, ...claim }) => ({ ...claim, capacity: claim.units + more })),
    'distributed-lock.extend': fc.record({ key, token, ttlMs, retentionMs }),
    'distributed-lock.release': fc.record({ key, token, retentionMs }),
    'distributed-lock.attend': fc.record({
      key,
      tokens: fc.uniqueArray(token, { minLength: 1 }),
      retentionMs,
    }),
    'distributed-lock.forceRelease': fc.record({ key, retentionMs }),
    'distributed-lock.acquireAll': fc.record({
      lockKeys: fc.uniqueArray(key, { minLength: 1, maxLength: 2 }),
      token,
      ttlMs,
      retentionMs,
    }),
    'distributed-lock.inspect': fc.record({ key }),
    // A key of its own: it is never a lock's.
    'distributed-lock.fencedWrite': fc.record({
      key: key.map((name) => `${name}:fenced`),
      fence: fc.integer({ min: 1, max: 4 }),
      text: fc.constantFrom('"a"', '"b"'),
      ttlMs,
    }),
    'distributed-lock.fencedRead': fc.record({ key: key.map((name) => `${name}:fenced`) }),
  }),
})
