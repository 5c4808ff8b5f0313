import { redisStore } from '@sluice/core/redis'
import { redisUrl, uniquePrefix } from '@sluice/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createLocks } from '../src/index.ts'
import { openCache } from './shared-store.ts'

/** Candidates with clients of their own, and who of them worked, one after the other. */
function standing(count: number) {
  const prefix = uniquePrefix()
  const terms: { readonly candidate: number; readonly fence: number }[] = []
  const candidates = Array.from({ length: count }, (_, candidate) => {
    const cache = openCache(redisStore({ url: redisUrl() }), prefix)
    const handle = createLocks({ cache, ttl: '1s' }).lead(
      'boss',
      ({ signal, fence }) =>
        new Promise<void>((resolve) => {
          terms.push({ candidate, fence })
          signal.addEventListener('abort', () => resolve())
        }),
      { retryDelay: '50ms' },
    )
    onTestFinished(() => handle.resign())
    return { cache, handle }
  })
  const leading = () => candidates.filter(({ handle }) => handle.isLeader)
  return { leading, terms }
}

describe('a leader on Redis', () => {
  it('is followed by another when it resigns, at once', async () => {
    const { leading, terms } = standing(3)
    await expect.poll(() => leading().length, { timeout: 10_000 }).toBe(1)
    for (let term = 1; term < 3; term++) {
      await leading()[0]?.handle.resign()
      await expect.poll(() => leading().length, { timeout: 10_000 }).toBe(1)
    }
    expect(new Set(terms.map(({ candidate }) => candidate)).size).toBe(3)
    const fences = terms.map(({ fence }) => fence)
    expect(fences).toEqual(fences.toSorted((a, b) => a - b))
  })

  it('that is cut off from Redis is followed by another, and knows it', async () => {
    const { leading, terms } = standing(2)
    await expect.poll(() => leading().length, { timeout: 10_000 }).toBe(1)
    const [first] = leading()
    await first?.cache.close()
    await expect.poll(() => terms.length, { timeout: 15_000 }).toBe(2)
    expect(first?.handle.isLeader).toBe(false)
    expect(leading().length).toBe(1)
    await expect(first?.handle.done).rejects.toMatchObject({ code: 'SLUICE_STORE_CLOSED' })
  })
})
