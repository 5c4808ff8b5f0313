import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createCache, StoreFullError } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import { describe, expect, it } from 'vitest'
import { createEntries } from '../src/memory/entries.ts'
import { add } from '../src/operations/entry.ts'

const count = (key: string) => ({ key, by: 1, ttlMs: 1000 })

describe('eviction', () => {
  it('makes room for the newest among cached entries, least recently used first', async () => {
    const cache = createCache({ store: memoryStore({ maxEntries: 3 }) })
    for (const key of ['a', 'b', 'c']) await cache.set(key, key)
    await cache.get('a')
    await cache.set('d', 'd')
    expect(await cache.has('b')).toBe(false)
    expect(await cache.has('a')).toBe(true)
  })

  it('keeps to a size in bytes, and a value that alone is larger is not kept', async () => {
    const cache = createCache({ store: memoryStore({ maxBytes: 2000 }) })
    for (let at = 0; at < 20; at++) await cache.set(`key-${at}`, 'x'.repeat(200))
    expect(await cache.has('key-19')).toBe(true)
    expect(await cache.has('key-0')).toBe(false)
    await cache.set('huge', 'x'.repeat(5000))
    expect(await cache.has('huge')).toBe(false)
  })

  it('never takes the state of an operation, however many values come', async () => {
    const store = memoryStore({ maxEntries: 2 })
    const cache = createCache({ store })
    const lock = cache.stateKey('lock', 'job')
    await store.run(add, count(lock))
    for (let at = 0; at < 50; at++) await cache.set(`key-${at}`, at)
    expect(await store.get(lock)).toBe('1')
  })
})

it('tells how many entries this view has, their size, and what was evicted, without asking', async () => {
  const cache = createCache({ store: memoryStore({ maxEntries: 3 }) })
  await cache.namespace('a').setMany([
    ['x', 'text'],
    ['y', 1],
  ])
  await cache.namespace('b').set('x', 1)
  expect(cache.stats()).toMatchObject({ size: 3, evictions: 0 })
  const { size, memoryBytes = 0 } = cache.namespace('a').stats()
  expect(size).toBe(2)
  expect(memoryBytes).toBeGreaterThan(20)
  expect(memoryBytes).toBeLessThan(cache.stats().memoryBytes ?? 0)
  await cache.set('new', 1)
  expect(cache.stats()).toMatchObject({ size: 3, evictions: 1 })
  expect(createCache({ stats: false }).stats()).toMatchObject({ hits: 0, size: 0 })
})

describe('the bound on operation state', () => {
  it('refuses what would add a key, changes nothing, and serves the keys that are there', async () => {
    const clock = manualClock()
    const store = memoryStore({ maxState: 2, clock })
    const [a, b, c] = ['p#x:{a}', 'p#x:{b}', 'p#x:{c}'] as const
    await store.run(add, count(a))
    await store.run(add, count(b))
    await expect(store.run(add, count(c))).rejects.toThrow(StoreFullError)
    expect(createCache({ store }).stats()).toMatchObject({ stateKeys: 2, size: 0 })
    expect(await store.get(c)).toBeUndefined()
    expect(await store.run(add, count(a))).toEqual({ ok: true, count: 2 })
    await store.set('p:cached', 'entries do not count')
  })

  it('takes the companions of what is there: only what is new is refused', async () => {
    const store = memoryStore({ maxState: 1 })
    const [a, companion, b] = ['p#x:{a}', 'p#x:{a}:2', 'p#x:{b}'] as const
    await store.run(add, count(a))
    const both = { ...add, keys: () => [a, companion] }
    expect(await store.run(both, count(a))).toEqual({ ok: true, count: 2 })
    const neither = { ...add, keys: () => [b, `${b}:2`] }
    await expect(store.run(neither, count(b))).rejects.toThrow(StoreFullError)
  })

  it('makes room from what has expired', async () => {
    const clock = manualClock()
    const store = memoryStore({ maxState: 1, clock })
    await store.run(add, count('p#x:{a}'))
    clock.advance('3s')
    expect(await store.run(add, count('p#x:{b}'))).toEqual({ ok: true, count: 1 })
  })
})

describe('expiry', () => {
  it('is swept without reading, in bounded steps, and only what is over', () => {
    const entries = createEntries({ maxEntries: 100, maxBytes: undefined })
    const put = (key: string, expiresAtMs: number) =>
      entries.put(key, { kind: 'text', payload: '', expiresAtMs })
    for (let at = 0; at < 30; at++) put(`p:${at}`, 5000)
    put('p#state:{x}', 5000)
    put('p:later', 900_000)
    put('p:never', Infinity)
    put('p:0', 900_000)
    expect(entries.sweep(4999, 100)).toBe(false)
    expect([...entries.keys()]).toHaveLength(33)
    expect(entries.sweep(60_000, 10)).toBe(true)
    expect(entries.sweep(60_000, 100)).toBe(false)
    expect([...entries.keys()].toSorted()).toEqual(['p:0', 'p:later', 'p:never'])
  })

  it('survives a clock that steps back an hour', async () => {
    const clock = manualClock()
    const cache = createCache({ store: memoryStore({ clock }) })
    await cache.set('key', 1, '1m')
    clock.set(clock.now() - 3_600_000)
    expect(await cache.get('key')).toBe(1)
    clock.advance('2h')
    expect(await cache.get('key')).toBeUndefined()
  })
})

it('does not keep the process alive', async () => {
  const script = `import { createCache } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)}
    const cache = createCache(); await cache.set('a', 1, '1h'); console.log(await cache.get('a'))`
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 5000,
  })
  expect((await run).stdout.trim()).toBe('1')
})

it.each([
  [{ maxEntries: 0 }, /Expected "maxEntries" to be a whole number of at least 1; got 0/],
  [{ maxBytes: 'a lot' }, /Expected "maxBytes"/],
  [{ maxSize: 1 }, /no option "maxSize"/],
])('memoryStore refuses %j', (options, message) => {
  expect(() => memoryStore(options as object)).toThrow(message)
})
