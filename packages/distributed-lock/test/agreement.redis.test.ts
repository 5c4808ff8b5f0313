import { agreementSuite } from '@sluice/testkit'
import fc from 'fast-check'

const token = fc.constantFrom('host:1/a', 'host:2/b')
const ttlMs = fc.constantFrom(20_000, 600_000)

agreementSuite({
  operations: new URL('../src/operations/', import.meta.url),
  steps: (key) => ({
    'distributed-lock.acquire': fc.record({ key, token, ttlMs }),
    'distributed-lock.extend': fc.record({ key, token, ttlMs }),
    'distributed-lock.release': fc.record({ key, token }),
    'distributed-lock.inspect': fc.record({ key }),
  }),
})
