import { createCache, KeyError, type Cache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { httpApps } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { createRateLimiter } from '../src/index.ts'
import { setUp } from './limited-app.ts'

describe.each(httpApps)('in $name', (factory) => {
  it('what an options function throws reaches the framework, and nothing else runs', async () => {
    const boom = new Error('no such user')
    const thrower = (): never => {
      throw boom
    }
    for (const options of [
      { key: thrower },
      { skip: thrower },
      { cost: thrower },
      { limit: thrower },
    ]) {
      const { get, app } = setUp(factory, options)
      await get().expect(500)
      expect(app.errors).toEqual([boom])
    }
  })

  it('bad keys are the client’s error, nonsense from a function is the server’s', async () => {
    const long = setUp(factory, { key: (req) => req.get('x-key') ?? '' })
    await long.get('/', { 'x-key': 'k'.repeat(10_000) }).expect(400)
    await long.get().expect(400)
    expect(long.app.errors).toEqual([expect.any(KeyError), expect.any(KeyError)])

    const odd = setUp(factory, { cost: (req) => Number(req.get('x-cost')) })
    await odd.get('/', { 'x-cost': '-1' }).expect(500)
    expect(odd.app.errors).toMatchObject([{ code: 'SLUICE_OPTION' }])
  })

  it('an address that cannot be read is an error that explains', async () => {
    const { get, app } = setUp(factory, { trustProxy: true })
    await get('/', { 'x-forwarded-for': 'unknown' }).expect(400)
    expect(app.errors).toMatchObject([{ code: 'SLUICE_CLIENT_ADDRESS' }])
  })

  it('what the handler throws is not caught', async () => {
    const { get, app } = setUp(factory)
    await get('/failing').expect(500)
    expect(app.errors).toMatchObject([{ message: 'the handler failed' }])
  })

  describe('when the store fails', () => {
    it('requests are limited by this process, and say so', async () => {
      const { get } = setUp(factory, { cache: await fullCache(), name: uniqueName(), limit: 1 })
      const { body, headers } = await get('/decision').expect(200)
      expect(body).toMatchObject({ source: 'local' })
      expect(headers['x-ratelimit-remaining']).toBe('0')
      await get().expect(429)
    })

    it('closed refuses with 503, and not with 429', async () => {
      const { get, app } = setUp(factory, { cache: await fullCache(), onStoreError: 'closed' })
      const { body, headers } = await get().expect(503)
      expect(body).toEqual({ error: 'Service unavailable', retryAfter: 1 })
      expect(headers['retry-after']).toBe('1')
      expect(headers).not.toHaveProperty('ratelimit')
      expect(app.errors).toEqual([])
    })

    it('open lets pass, and claims nothing', async () => {
      const { get } = setUp(factory, { cache: await fullCache(), onStoreError: 'open', limit: 1 })
      await get().expect(200)
      const { body, headers } = await get('/decision').expect(200)
      expect(body).toMatchObject({ allowed: true, source: 'open' })
      expect(Object.keys(headers).filter((name) => name.includes('ratelimit'))).toEqual([])
    })
  })
})

/** A cache whose store has no room for another count. */
async function fullCache(): Promise<Cache> {
  const cache = createCache({ store: memoryStore({ maxState: 1 }) })
  await createRateLimiter({ cache, limit: 1, window: '1d' }).consume('the one that fits')
  return cache
}

let names = 0
function uniqueName(): string {
  return `http-test-${++names}`
}
