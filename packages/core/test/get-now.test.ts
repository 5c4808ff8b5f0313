import { tracingChannel } from 'node:diagnostics_channel'
import { createCache, type Store } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import { describe, expect, it } from 'vitest'

describe('a read without a promise', () => {
  it('gives what is in this process, and counts it as the hit that it is', async () => {
    const clock = manualClock()
    const cache = createCache({ store: memoryStore({ clock }) })
    await cache.set('a', { deep: [1] }, '1s')
    await cache.set('n', 42)
    expect(cache.getNow('a')).toEqual({ deep: [1] })
    expect(cache.getNow('n')).toBe(42)
    expect(cache.stats()).toMatchObject({ hits: 2, misses: 0 })
    clock.advance('1s')
    expect(cache.getNow('a')).toBeUndefined()
    expect(cache.stats()).toMatchObject({ hits: 2, misses: 0 })
  })

  it('says nothing where only asking tells', async () => {
    const below = memoryStore()
    const store: Store = { ...below, get: (key) => below.get(key) }
    const cache = createCache({ store })
    await cache.set('a', 1)
    expect(cache.getNow('a')).toBeUndefined()
    expect(await cache.get('a')).toBe(1)
  })

  it('is left to the read that is told of while somebody listens', async () => {
    const cache = createCache()
    await cache.set('a', 1)
    const channel = tracingChannel('sluice:core:get')
    const listener = { start() {}, end() {}, asyncStart() {}, asyncEnd() {}, error() {} }
    channel.subscribe(listener)
    expect(cache.getNow('a')).toBeUndefined()
    channel.unsubscribe(listener)
    expect(cache.getNow('a')).toBe(1)
  })
})
