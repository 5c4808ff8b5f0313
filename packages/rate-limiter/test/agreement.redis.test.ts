import { agreementSuite } from '@sluice/testkit'
import fc from 'fast-check'
import { consumeOne } from '../src/operations/consume-one.ts'

agreementSuite({
  // In reports and for planted faults they are one operation.
  more: Object.entries(consumeOne).map(([algorithm, operation]) => ({
    ...operation,
    name: `rate-limiter.consume-${algorithm}`,
  })),
  operations: new URL('../src/operations/', import.meta.url),
  steps: (key) => {
    const slots = ['a', 'b', 'c']
    const windows = [600_000, 3_600_000]
    const numbers = {
      limit: fc.constantFrom(1, 3, 7, 900),
      windowMs: fc.constantFrom(...windows),
    }
    const policy = fc.oneof(
      fc.record({
        algorithm: fc.constantFrom('sliding-window', 'fixed-window', 'sliding-log'),
        burst: fc.constant(1),
        ...numbers,
      }),
      fc.record({
        algorithm: fc.constant('token-bucket'),
        burst: fc.integer({ min: 1, max: 9 }),
        ...numbers,
      }),
    )
    const states = fc
      .tuple(key, fc.array(policy, { minLength: 1, maxLength: slots.length }))
      .map(([base, all]) => ({
        blockKey: `${base}:!`,
        // As a limiter names them: no two windows ever share a state.
        policies: all.map(({ algorithm, limit, windowMs, burst }, at) => ({
          key: `${base}:${slots[at]}${windowMs}`,
          algorithm,
          numbers: `${limit} ${windowMs} ${burst}`,
        })),
      }))
    const cost = fc.oneof(fc.constant(1), fc.nat(4), fc.constantFrom(900, 901))
    const one = (algorithm: string) =>
      fc
        .tuple(
          states.filter(({ policies }) => policies.some((each) => each.algorithm === algorithm)),
          cost.filter((units) => units > 0),
        )
        .map(([{ blockKey, policies }, units]) => ({
          blockKey,
          policies: policies.filter((each) => each.algorithm === algorithm).slice(0, 1),
          least: units,
          most: units,
          take: true,
        }))
    const hitKey = key.map((base) => `${base}:hits`)
    const slotsKey = key.map((base) => `${base}:slots`)
    const id = fc.constantFrom('a', 'b', 'c', 'd')
    const ids = fc.uniqueArray(id, { minLength: 1, maxLength: 3 })
    const leaseMs = fc.constantFrom(15_000, 90_000)
    const most = fc.constantFrom(1, 2, 3)
    return {
      'rate-limiter.hit': fc.record({ key: hitKey, windowMs: fc.constantFrom(60_000, 3_600_000) }),
      'rate-limiter.hits': fc.record({ key: hitKey }),
      'rate-limiter.unhit': fc.record({ key: hitKey }),
      'rate-limiter.enter': fc.record({ key: slotsKey, id, leaseMs, most }),
      'rate-limiter.leave': fc.record({ key: slotsKey, ids }),
      'rate-limiter.renew': fc.record({ key: slotsKey, ids, leaseMs }),
      'rate-limiter.in-flight': fc.record({ key: slotsKey }),
      'rate-limiter.consume': fc
        .tuple(states, cost, fc.oneof(fc.constant(0), fc.nat(6)), fc.boolean(), fc.boolean())
        .map(([keys, least, more, takes, looks]) => ({
          ...keys,
          least,
          most: least + (least === 0 ? 0 : more),
          take: takes || looks,
        })),
      'rate-limiter.consume-sliding-window': one('sliding-window'),
      'rate-limiter.consume-fixed-window': one('fixed-window'),
      'rate-limiter.consume-sliding-log': one('sliding-log'),
      'rate-limiter.consume-token-bucket': one('token-bucket'),
      'rate-limiter.adjust': fc
        .tuple(states, fc.integer({ min: -5, max: 5 }), fc.constantFrom(0, 1, 1000), fc.boolean())
        .map(([keys, units, takenAtMs, blocks]) => ({
          ...keys,
          units,
          takenAtMs,
          blockMs: blocks ? (units % 2 === 0 ? 0 : 900_000) : -1,
        })),
      'rate-limiter.reset': key.map((base) => ({
        keys: ['!', ...slots.flatMap((slot) => windows.map((ms) => `${slot}${ms}`))].map(
          (ending) => `${base}:${ending}`,
        ),
      })),
    }
  },
})
