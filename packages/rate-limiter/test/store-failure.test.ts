import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createCache, StoreFullError, type Cache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRateLimiter } from '../src/index.ts'

describe('a store that fails', () => {
  const channel = 'sluice:rate-limiter:failure'
  const seen: unknown[] = []
  const see = (failure: unknown): void => void seen.push(failure)
  beforeEach(() => subscribe(channel, see))
  afterEach(() => {
    unsubscribe(channel, see)
    seen.splice(0)
  })

  it('is replaced by counts of this process, and reported', async () => {
    const cache = await fullCache()
    const limiter = createRateLimiter({ cache, name: 'local', limit: 1, window: '1d' })
    expect(await limiter.consume('ada')).toMatchObject({ allowed: true, source: 'local' })
    expect(await limiter.consume('ada')).toMatchObject({ allowed: false, source: 'local' })
    expect(seen).toMatchObject([
      { verb: 'consume', instead: 'local', error: { code: 'SLUICE_STORE_FULL' } },
      { verb: 'consume', instead: 'local' },
    ])
  })

  it('lets pass what this process has no room to count', async () => {
    const cache = await fullCache()
    const limiter = createRateLimiter({ cache, limit: 1, window: '1d', maxLocalKeys: 1 })
    expect(await limiter.consume('ada')).toMatchObject({ allowed: true, source: 'local' })
    expect(await limiter.consume('ada')).toMatchObject({ allowed: false, source: 'local' })
    for (let i = 0; i < 3; i++) {
      expect(await limiter.consume('bob')).toMatchObject({ allowed: true, source: 'open' })
    }
  })

  it('leaves what was counted here to be given back here', async () => {
    const cache = await fullCache()
    const limiter = createRateLimiter({ cache, limit: 3, window: '1d' })
    const decision = await limiter.consume('ada', { cost: 2 })
    expect(await limiter.refund('ada', { of: decision })).toMatchObject({
      source: 'local',
      remaining: 3,
    })
    expect(await limiter.block('ada', '1m')).toMatchObject({
      source: 'local',
      blockedForMs: 60_000,
    })
    expect(await limiter.consume('ada')).toMatchObject({ allowed: false, source: 'local' })
  })

  it('lets everything pass when told so, and says it', async () => {
    const cache = await fullCache()
    const limiter = createRateLimiter({ cache, limit: 1, window: '1h', onStoreError: 'open' })
    for (let i = 0; i < 3; i++) {
      expect(await limiter.consume('ada')).toMatchObject({ allowed: true, source: 'open' })
    }
  })

  it('rejects when told so', async () => {
    const cache = await fullCache()
    const limiter = createRateLimiter({ cache, limit: 1, window: '1h', onStoreError: 'closed' })
    await expect(limiter.consume('ada')).rejects.toThrow(StoreFullError)
    expect(seen).toMatchObject([{ verb: 'consume', instead: 'closed' }])
  })

  it('is not blamed for bad input or for its own end', async () => {
    const cache = createCache()
    const limiter = createRateLimiter({ cache, limit: 1, window: '1h' })
    await expect(limiter.consume('')).rejects.toMatchObject({ code: 'SLUICE_KEY', status: 400 })
    await expect(limiter.consume('x'.repeat(10_000))).rejects.toMatchObject({ code: 'SLUICE_KEY' })
    await cache.close()
    await expect(limiter.consume('ada')).rejects.toMatchObject({ code: 'SLUICE_STORE_CLOSED' })
    expect(seen).toEqual([])
  })
})

/** A cache whose store has no room for another count. */
async function fullCache(): Promise<Cache> {
  const cache = createCache({ store: memoryStore({ maxState: 1 }) })
  await createRateLimiter({ cache, limit: 1, window: '1d' }).consume('the one that fits')
  return cache
}
