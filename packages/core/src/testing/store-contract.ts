import assert from 'node:assert/strict'
import { StoreClosedError } from '../errors.ts'
import { add, exists, expire, remaining, replace, swap, take } from '../operations/entry.ts'
import type { PortCase, StoreSubject } from './contract-subject.ts'
import { messageCases } from './message-contract.ts'

/** One promise of the port, as a test. */
export interface ContractCase {
  /** The promise, as a title for the test. */
  readonly name: string
  /** Makes a subject, checks it and closes its store. Rejects with an `AssertionError` when the promise is broken. */
  run(): Promise<void>
}

/**
 * Every promise of the store port, for any test runner. Each case makes a subject of its own and closes its store.
 *
 * @example
 * for (const { name, run } of storeContract(makeSubject)) it(name, run)
 */
export function storeContract(make: () => Promise<StoreSubject>): readonly ContractCase[] {
  return [
    ...entryCases,
    ...conditionCases,
    ...operationCases,
    ...messageCases,
    ...scanCases,
    ...lifeCases,
  ].map(([name, check]) => ({
    name,
    async run() {
      const subject = await make()
      try {
        await check(subject)
      } finally {
        await subject.store.close()
      }
    },
  }))
}

const entryCases: readonly PortCase[] = [
  [
    'what was set is read back, text of any kind',
    async ({ store, key }) => {
      for (const text of [
        '',
        'plain',
        '{"a":1}',
        'ünïcödé \u0000 \u{1f30a}',
        'x'.repeat(100_000),
      ]) {
        assert.equal(await store.set(key('text'), text), true)
        assert.equal(await store.get(key('text')), text)
      }
    },
  ],
  [
    'bytes come back as bytes and text as text, whatever wrote them and whatever reads them',
    async ({ store, key }) => {
      const bytes = (...after: number[]): Buffer => Buffer.of(0x90, 0, 255, ...after)
      const payloads = [bytes(), Buffer.of(0x80), Buffer.of(0xc1, 0x0d, 0x0a), 'text', '\u00c1', '']
      for (const payload of payloads) {
        await store.set(key('one'), payload)
        await store.setMany([[key('two'), payload]])
        assert.deepEqual(await store.get(key('one')), payload)
        assert.deepEqual(await store.getMany([key('one'), key('two')]), [payload, payload])
        assert.deepEqual(await store.run(take, { key: key('one') }), payload)
      }
      await store.set(key('entry'), bytes())
      const swapped = (expected: Buffer | string, next: Buffer) =>
        store.run(swap, { key: key('entry'), expected, next, ttlMs: 0 })
      assert.equal(await swapped(bytes(1), bytes(2)), false)
      assert.equal(await swapped(bytes().toString(), bytes(2)), false)
      assert.equal(await swapped(bytes(), bytes(2)), true)
      await store.run(replace, { key: key('entry'), payload: bytes(3), present: true, ttlMs: 0 })
      assert.deepEqual(await store.get(key('entry')), bytes(3))
    },
  ],
  [
    'keys of any characters are told apart',
    async ({ store, key }) => {
      const names = [
        'a',
        'a:b',
        'a{b}c',
        '{a',
        'a}',
        'a*',
        'a?',
        '[a]',
        'ä',
        '\u{1f30a}',
        ' ',
        '\n',
      ]
      for (const name of names) await store.set(key(name), name)
      for (const name of names) assert.equal(await store.get(key(name)), name)
    },
  ],
  [
    'a key that was never set is undefined',
    async ({ store, key }) => assert.equal(await store.get(key('none')), undefined),
  ],
  [
    'an entry is gone when its ttl is over, for every verb',
    async ({ store, key, pass }) => {
      await store.set(key('brief'), 'x', { ttlMs: 60 })
      assert.equal(await store.get(key('brief')), 'x')
      await pass(80)
      assert.equal(store.get.now?.(key('brief')), undefined)
      assert.equal(await store.get(key('brief')), undefined)
      assert.equal(await store.delete([key('brief')]), 0)
      assert.equal(await store.run(exists, { key: key('brief') }), false)
    },
  ],
  [
    'setting again without a ttl takes the old one off',
    async ({ store, key }) => {
      await store.set(key('kept'), 'x', { ttlMs: 10_000 })
      await store.set(key('kept'), 'y')
      assert.equal(await store.run(remaining, { key: key('kept') }), Number.POSITIVE_INFINITY)
    },
  ],
  [
    'delete counts what was there, in lists of any length and on any slot',
    async ({ store, key }) => {
      const keys = Array.from({ length: 1500 }, (_, at) => key(`many-${at}`))
      await Promise.all(keys.slice(0, 1200).map((one) => store.set(one, 'x')))
      assert.equal(await store.delete([]), 0)
      assert.equal(await store.delete(keys), 1200)
      assert.equal(await store.delete(keys), 0)
    },
  ],
]

const conditionCases: readonly PortCase[] = [
  [
    'set when absent writes once, also with 50 callers at once',
    async ({ store, key }) => {
      const callers = Array.from({ length: 50 }, (_, at) =>
        store.set(key('once'), `caller ${at}`, { when: 'absent', ttlMs: 10_000 }),
      )
      const written = await Promise.all(callers)
      assert.equal(written.filter(Boolean).length, 1)
      assert.equal(await store.get(key('once')), `caller ${written.indexOf(true)}`)
    },
  ],
  [
    'an expired entry is absent to a conditional set',
    async ({ store, key, pass }) => {
      await store.set(key('gone'), 'old', { ttlMs: 60 })
      await pass(80)
      assert.equal(await store.set(key('gone'), 'x', { when: 'present' }), false)
      assert.equal(await store.set(key('gone'), 'new', { when: 'absent' }), true)
      assert.equal(await store.get(key('gone')), 'new')
    },
  ],
  [
    'set when present writes only over a live entry',
    async ({ store, key }) => {
      assert.equal(await store.set(key('later'), 'x', { when: 'present' }), false)
      await store.set(key('later'), 'x')
      assert.equal(await store.set(key('later'), 'y', { when: 'present' }), true)
      assert.equal(await store.get(key('later')), 'y')
    },
  ],
]

const operationCases: readonly PortCase[] = [
  [
    'operations are atomic: 200 callers at once lose no count',
    async ({ store, key }) => {
      const adding = Array.from({ length: 200 }, () =>
        store.run(add, { key: key('count'), by: 1, ttlMs: 20_000 }),
      )
      const counts = (await Promise.all(adding)).map((sum) => (sum.ok ? sum.count : 0))
      assert.deepEqual(
        counts.toSorted((a, b) => a - b),
        Array.from({ length: 200 }, (_, at) => at + 1),
      )
    },
  ],
  [
    'operations and single verbs see the same entries',
    async ({ store, key, pass }) => {
      await store.run(add, { key: key('seen'), by: 41, ttlMs: 0 })
      assert.equal(await store.get(key('seen')), '41')
      await store.set(key('seen'), '7')
      assert.deepEqual(await store.run(add, { key: key('seen'), by: 1, ttlMs: 0 }), {
        ok: true,
        count: 8,
      })
      assert.equal(await store.run(expire, { key: key('seen'), ttlMs: 60 }), true)
      await pass(80)
      assert.equal(await store.get(key('seen')), undefined)
    },
  ],
]

const scanCases: readonly PortCase[] = [
  [
    'scan finds every match of a glob and nothing else',
    async ({ store, key }) => {
      const names = Array.from({ length: 700 }, (_, at) => key(`scan-${at}`))
      await Promise.all(names.map((one) => store.set(one, 'x')))
      await store.set(key('other'), 'x')
      const found = new Set<string>()
      for await (const { keys } of store.scan(`${key('scan-')}*`))
        for (const one of keys) found.add(one)
      assert.deepEqual([...found].toSorted(), names.toSorted())
    },
  ],
]

const lifeCases: readonly PortCase[] = [
  ['ping resolves while the store answers', async ({ store }) => store.ping()],
  [
    'close is final and idempotent',
    async ({ store, key }) => {
      await store.close()
      await store.close()
      assert.equal(store.get.now?.(key('x')), undefined)
      await assert.rejects(store.get(key('x')), StoreClosedError)
      await assert.rejects(store.set(key('x'), 'x'), StoreClosedError)
      await assert.rejects(store.delete([key('x')]), StoreClosedError)
      await assert.rejects(store.run(exists, { key: key('x') }), StoreClosedError)
      await assert.rejects(store.ping(), StoreClosedError)
    },
  ],
]
