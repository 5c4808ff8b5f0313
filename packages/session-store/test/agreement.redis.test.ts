import { agreementSuite, checkAgreement, redisUrl, uniquePrefix, type Steps } from '@sluice/testkit'
import fc from 'fast-check'
import { it } from 'vitest'
import { commit } from '../src/operations/commit.ts'
import { compatCommit } from '../src/operations/compat-commit.ts'
import { compatCreate } from '../src/operations/compat-create.ts'
import { compatEnd } from '../src/operations/compat-end.ts'
import { compatLoad } from '../src/operations/compat-load.ts'
import { create } from '../src/operations/create.ts'
import { load } from '../src/operations/load.ts'
import { rotate } from '../src/operations/rotate.ts'
import { swap } from '../src/operations/swap.ts'
import { indexAdd, indexRead, indexRemove, indexRevoke } from '../src/operations/user-index.ts'

// Mostly the same ones, so that most steps meet a live record that is theirs.
const secretHash = mostly('secret-1', 'secret-2')
const user = mostly('', 'ada', 'bob')
const text = fc.constantFrom('', '1', '{"a":1}')
const name = fc.constantFrom('cart', 'secret')
const texts = fc
  .array(fc.tuple(name, text), { maxLength: 3 })
  .map((entries) => new Map<string, string>(entries))
const device = fc.constantFrom({}, { address: '203.0.113.9', userAgent: 'x'.repeat(300) })
const id = fc.constantFrom('id-1', 'id-2')
const from2026 = (minutes: number): number => Date.UTC(2026, 0, 1) + minutes * 60_000

// Deadlines are sums of the clock advances of the suite itself: it takes six of them and more to come within 5 s of a
// deadline without reaching it, where remaining ttls are compared to the millisecond while real time passes.
const idleMs = fc.constantFrom(60_000, 600_000)
const absoluteMs = fc.constantFrom(60_000, 600_000, 3_600_000)
const absoluteEndMs = fc.constantFrom(-1, 1, 1, 10, 60).map(from2026)
const compatTtlMs = fc.constantFrom(60_000, 600_000)
const slackMs = fc.constantFrom(0, 1000, 7000, 20_000)

const steps: Steps = (key) => {
  const index = key.map((record) => `${record}:index`)
  const indexKeys = index.map((indexKey) => ({ key: indexKey, markKey: `${indexKey}:ended` }))
  const signedInAtMs = fc.constantFrom(0, 1, 5, 20).map(from2026)
  const inIndex = <Args>(args: fc.Arbitrary<Args>) =>
    fc.tuple(indexKeys, args).map(([keys, more]) => ({ ...keys, ...more }))
  return {
    'session-store.compat-create': fc.record({
      key,
      ttlMs: compatTtlMs,
      texts,
      onlyNew: fc.boolean(),
    }),
    'session-store.compat-commit': fc.record({
      key,
      ttlMs: fc.oneof(compatTtlMs, fc.constant(0)),
      texts,
    }),
    'session-store.compat-load': fc.record({ key }),
    'session-store.compat-end': fc.record({ key, markMs: compatTtlMs }),
    'session-store.create': fc.record({ key, secretHash, user, idleMs, absoluteMs, device, texts }),
    'session-store.load': fc.record({ key, secretHash, slackMs }),
    'session-store.commit': fc.record({ key, user, texts }),
    'session-store.swap': fc.record({ key, user, name, expected: text, text }),
    'session-store.rotate': fc.record({
      key,
      secretHash,
      nextSecretHash: secretHash,
      user,
      graceMs: fc.constantFrom(0, 0, 20_000),
      keep: fc.option(fc.subarray(['cart', 'secret']), { nil: undefined }),
      device,
      texts,
    }),
    'session-store.inspect': fc.record({ key }),
    'session-store.destroy': fc.record({ key }),
    'session-store.index-add': inIndex(
      fc.record({ id, absoluteEndMs, signedInAtMs, most: fc.constantFrom(0, 0, 1) }),
    ),
    'session-store.index-revoke': inIndex(fc.record({ markMs: idleMs })),
    'session-store.index-read': fc.record({ key: index }),
    'session-store.index-remove': fc.record({ key: index, ids: fc.uniqueArray(id) }),
  }
}

agreementSuite({ operations: new URL('../src/operations/', import.meta.url), steps })

// Few operations on one key: schedules that come to the deadlines, the slack and the conflicts of one record.
it.each([
  ['a record that is used until it ends', [create, load, load]],
  ['a record whose token and user change', [create, rotate, commit]],
  ['a record of which one attribute changes', [create, swap, commit]],
  ['a session of another middleware', [compatCreate, compatCommit, compatLoad, compatEnd]],
  ['an index whose sessions end', [indexAdd, indexAdd, indexRead, indexRemove]],
  ['an index whose sessions are all ended', [indexAdd, indexRevoke, indexRead]],
])(
  '%s is alike in memory and in Redis',
  async (_, operations) => {
    const prefix = uniquePrefix('agree')
    const oneKey: Steps = () => steps(fc.constant(`${prefix}#agree:{one}`))
    await checkAgreement({ url: redisUrl(), prefix, operations, steps: oneKey, runs: 400 })
  },
  60_000,
)

function mostly(usual: string, ...others: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, fc.constantFrom(...others))
}
