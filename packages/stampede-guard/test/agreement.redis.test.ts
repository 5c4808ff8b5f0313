import { agreementSuite } from '@sluice/testkit'
import fc from 'fast-check'
import { fingerprint, placeholderOf } from '../src/placeholder.ts'

const placeholder = fc.constantFrom(placeholderOf('one'), placeholderOf('two'))
const payload = fc.constantFrom('{"guard":1,"value":1}', '{"guard":1,"value":2}')
const before = fc.oneof(placeholder, payload).map(fingerprint)
const [channel, message] = [fc.constant('agree'), fc.constantFrom('', 'filled a')]
const leaseMs = fc.constantFrom(20_000, 60_000)
const token = fc.constantFrom('x', 'y')
const seed = fc.constantFrom(7, 2 ** 47 - 1)
const create = fc.boolean()

agreementSuite({
  operations: new URL('../src/operations/', import.meta.url),
  steps: (entry) => {
    const marked = entry.map((key) => `${key}:mark`)
    const tag = entry.map((key) => `${key}:tag`)
    const marks = fc
      .tuple(before, fc.constantFrom('x', 'y', 'done', 'failed'))
      .map(([payloadBefore, state]) => `${payloadBefore}:${state}`)
    const ends = {
      ...{ channel, message, ttlMs: leaseMs },
      next: fc.oneof(fc.constant(''), marks),
    }
    return {
      'stampede-guard.claim': fc.record({ key: entry, placeholder, leaseMs }),
      'stampede-guard.fill': fc.record({
        ...{ key: entry, fingerprint: before, payload, ttlMs: leaseMs, channel },
        message: fc.constant('filled a'),
      }),
      'stampede-guard.renew': fc.oneof(
        fc.record({ key: entry, text: placeholder, leaseMs }),
        fc.record({ key: marked, text: marks, leaseMs }),
      ),
      'stampede-guard.settle': fc.oneof(
        fc.record({ key: entry, text: placeholder, ...ends, next: fc.constant('') }),
        fc.record({ key: marked, text: marks, ...ends }),
      ),
      'stampede-guard.mark': fc.record({ key: marked, fingerprint: before, token, leaseMs }),
      'stampede-guard.stamp': fc.record({ key: tag, seed, lifeMs: leaseMs }),
      'stampede-guard.bump': fc.record({
        ...{ key: tag, seed, lifeMs: leaseMs, create, channel, message },
        mode: fc.constantFrom('hard', 'stale'),
      }),
    }
  },
})
