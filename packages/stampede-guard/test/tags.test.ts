import { createCache, type Store } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import { createGuard, type GuardOptions, type LoadContext } from '@sluice/stampede-guard'
import { describe, expect, it } from 'vitest'
import { createBench, createGate, turns } from './fixtures.ts'

/** Two guards on one memory store that take it for a server, and hear messages only if told so. */
function createFleet(options: Partial<GuardOptions> = {}, hears = true) {
  const clock = manualClock()
  const below = memoryStore({ clock })
  const asked: string[] = []
  const open = () => {
    const store: Store = {
      ...below,
      shared: true,
      get: async (key) => (asked.push('get'), below.get(key)),
      getMany: async (keys) => (asked.push('getMany'), below.getMany(keys)),
      subscribe: (channel, listener) =>
        below.subscribe(channel, hears ? listener : { ...listener, onMessage: () => undefined }),
    }
    const cache = createCache({ store })
    return createGuard({ cache, ttl: '1h', clock, random: () => 0, early: false, ...options })
  }
  return { one: open(), two: open(), clock, below, asked }
}

describe('values with tags', () => {
  it('are gone when one of their tags is invalidated, and no others', async () => {
    const { guard } = createBench()
    await guard.get('a', () => 'old', { tags: ['red', 'blue'] })
    await guard.set('b', 'old', { tags: ['blue'] })
    await guard.get('c', ({ setTags }) => (setTags(['green']), 'old'))
    await guard.get('d', () => 'old')
    await guard.invalidateTags(['red', 'green'])
    const now = await guard.getMany(['a', 'b', 'c', 'd'], (keys) =>
      Object.fromEntries(keys.map((key) => [key, 'new'])),
    )
    expect(Object.fromEntries(now.values)).toEqual({ a: 'new', b: 'old', c: 'new', d: 'old' })
    expect(await guard.get('a', () => 'unused')).toBe('new')
  })

  it('are served within their windows when the invalidation says stale', async () => {
    const { guard } = createBench({ tags: ['red'], staleWhileRevalidate: '1m' })
    await guard.get('a', () => 'old')
    await guard.invalidateTags(['red'], 'stale')
    expect(await guard.peek('a')).toMatchObject({ hit: true, stale: true })
    expect(await guard.get('a', () => 'new')).toBe('old')
    await turns()
    expect(await guard.get('a', () => 'unused')).toBe('new')
    await guard.invalidateTags(['red'], 'hard')
    expect(await guard.get('a', () => 'newer')).toBe('newer')
  })

  it('without windows are loaded anew even when the invalidation says stale', async () => {
    const { guard } = createBench({ tags: ['red'] })
    await guard.get('a', () => 'old')
    await guard.invalidateTags(['red'], 'stale')
    expect(await guard.get('a', () => 'new')).toBe('new')
  })

  it('are shown to the loader that replaces them when they are stale, and not when they are gone', async () => {
    const { guard } = createBench({ tags: ['red'], staleIfError: '1m' })
    const seen: unknown[] = []
    const load = ({ previous }: LoadContext) => (seen.push(previous?.value), seen.length)
    await guard.get('a', load)
    await guard.invalidateTags(['red'], 'stale')
    await guard.get('a', load)
    await guard.invalidateTags(['red'])
    await guard.get('a', load)
    expect(seen).toEqual([undefined, 1, undefined])
  })

  it('whose tag was lost from the store are not served', async () => {
    const { guard, cache } = createBench({ tags: ['red'] })
    await guard.get('a', () => 'old')
    await cache.store.delete([cache.stateKey('guard-tag', 'red')])
    expect(await guard.get('a', () => 'new')).toBe('new')
  })
})

describe('a load under way when its tag is invalidated', () => {
  it.each([['of the options'], ['that the loader sets']])(
    'reaches who waited, and nobody who comes after: a tag %s',
    async (which) => {
      const { guard } = createBench()
      const gate = createGate<string>()
      const load = async ({ setTags }: { setTags(tags: string[]): void }) => {
        const value = await gate.load()
        if (which !== 'of the options') setTags(['red'])
        return value
      }
      const options = which === 'of the options' ? { tags: ['red'] } : {}
      const before = guard.get('a', load, options)
      await turns()
      await guard.invalidateTags(['red'])
      const after = guard.get('a', load, options)
      await turns()
      gate.open('old')
      expect(await before).toBe('old')
      await after
      expect(gate.calls()).toBe(2)
      expect(await guard.get('a', () => 'fresh', options)).toBe('old')
    },
  )
})

it('a tag outlives an entry whose load took longer than its ttl', async () => {
  const { guard, clock, cache } = createBench({ ttl: '10s', tags: ['red'] })
  await guard.get('a', () => (clock.advance('5m'), 'slow'))
  clock.advance(((await cache.ttl('a')) ?? 0) - 1)
  expect(await guard.peek('a')).toMatchObject({ hit: true, value: 'slow' })
})

it('a get after an invalidation does not wait for a load from before it', async () => {
  const { guard } = createBench({ tags: ['red'] })
  const gate = createGate<string>()
  const before = guard.get('a', gate.load)
  await turns()
  await guard.invalidateTags(['red'])
  expect(await guard.get('a', () => 'fresh')).toBe('fresh')
  gate.open('old')
  expect(await before).toBe('old')
  expect(await guard.get('a', () => 'unused')).toBe('fresh')
})

describe('hits of values with tags', () => {
  it('ask the store for tags once within the bound, in one batch', async () => {
    const { one, clock, asked } = createFleet({ tags: ['red', 'blue', 'green'], tagCheck: '1s' })
    await one.get('a', () => 1)
    await one.get('a', () => 2)
    asked.length = 0
    for (let hit = 0; hit < 10; hit++) await one.get('a', () => 2)
    expect(asked).toEqual(Array.from({ length: 10 }, () => 'get'))
    clock.advance('1s')
    asked.length = 0
    for (let hit = 0; hit < 3; hit++) await one.get('a', () => 2)
    expect(asked).toEqual(['get', 'getMany', 'get', 'get'])
  })

  it('hear of an invalidation at once', async () => {
    const { one, two } = createFleet({ tags: ['red'], tagCheck: '1h' })
    await one.get('a', () => 'old')
    expect(await two.get('a', () => 'unused')).toBe('old')
    await one.invalidateTags(['red'])
    await turns()
    expect(await two.get('a', () => 'new')).toBe('new')
  })

  it('are served no longer than the bound when the message is lost', async () => {
    const { one, two, clock } = createFleet({ tags: ['red'], tagCheck: '1s' }, false)
    await one.get('a', () => 'old')
    await two.get('a', () => 'unused')
    await turns()
    expect(await two.get('a', () => 'unused')).toBe('old')
    await one.invalidateTags(['red'])
    await turns()
    clock.advance(999)
    expect(await two.get('a', () => 'unused')).toBe('old')
    clock.advance(1)
    expect(await two.get('a', () => 'new')).toBe('new')
  })
})

it('a tag outlives every entry that carries it', async () => {
  const { guard, cache, clock } = createBench({ ttl: '1m', staleIfError: '1h' })
  await guard.get('a', ({ setTtl }) => (clock.advance('2h'), setTtl('5h'), 1), { tags: ['red'] })
  await guard.set('b', 1, { tags: ['red'] })
  clock.advance(((await cache.ttl('a')) ?? 0) - 1)
  expect(await cache.store.get(cache.stateKey('guard-tag', 'red'))).toBeDefined()
  await guard.invalidateTags(['red'])
  expect(await guard.peek('a')).toEqual({ hit: false })
})
