import { createCache, OptionError, ValueError } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import { expect, it } from 'vitest'
import { fencedGet, fencedSet } from '../src/index.ts'

function open() {
  const clock = manualClock()
  return { clock, cache: createCache({ store: memoryStore({ clock }), prefix: 'fenced' }) }
}

it('a holder that was overtaken cannot write any more', async () => {
  const { cache } = open()
  expect(await fencedSet(cache, 'a', { by: 'first' }, { fence: 1, ttl: '1h' })).toBe(true)
  expect(await fencedSet(cache, 'a', { by: 'second' }, { fence: 2, ttl: '1h' })).toBe(true)
  expect(await fencedSet(cache, 'a', { by: 'first' }, { fence: 1, ttl: '1h' })).toBe(false)
  expect(await fencedGet(cache, 'a')).toEqual({ by: 'second' })
})

it('a holder writes as often as it likes', async () => {
  const { cache } = open()
  for (const value of [1, 2, null, new Map([[1, 2]])]) {
    expect(await fencedSet(cache, 'a', value, { fence: 7, ttl: '1h' })).toBe(true)
    expect(await fencedGet(cache, 'a')).toEqual(value)
  }
})

it('a value lives for its ttl, counted from the last write', async () => {
  const { cache, clock } = open()
  await fencedSet(cache, 'a', 1, { fence: 7, ttl: '1h' })
  clock.advance('59m')
  await fencedSet(cache, 'a', 2, { fence: 7, ttl: '1h' })
  clock.advance('59m')
  expect(await fencedGet(cache, 'a')).toBe(2)
  clock.advance('1m')
  expect(await fencedGet(cache, 'a')).toBeUndefined()
})

it('a name meets neither a cached entry nor a lock', async () => {
  const { cache } = open()
  await cache.set('a', 'cached')
  await fencedSet(cache, 'a', 'fenced', { fence: 7, ttl: '1h' })
  expect(await cache.get('a')).toBe('cached')
  expect(await cache.clear()).toBe(1)
  expect(await fencedGet(cache, 'a')).toBe('fenced')
})

it.each([
  ['no fence', { ttl: '1h' }],
  ['a fence that is none', { fence: 0.5, ttl: '1h' }],
  ['no ttl', { fence: 1 }],
  ['an unknown option', { fence: 1, ttl: '1h', tll: 1 }],
])('a wrong option is refused: %s', async (_, options) => {
  const { cache } = open()
  // @ts-expect-error untyped callers exist
  await expect(fencedSet(cache, 'a', 1, options)).rejects.toThrow(OptionError)
})

it('a value that cannot be kept is refused', async () => {
  const { cache } = open()
  await expect(fencedSet(cache, 'a', () => 1, { fence: 1, ttl: '1h' })).rejects.toThrow(ValueError)
})
