import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import { httpApps } from '@sluice/testkit'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { rateLimit as expressRateLimit } from '../src/express.ts'
import { createRateLimiter, type Decision } from '../src/index.ts'
import { rateLimit as koaRateLimit } from '../src/koa.ts'
import { setUp, type Options } from './limited-app.ts'

describe.each(httpApps)('in $name', (factory) => {
  it('requests over the limit are refused with 429, and told when to come back', async () => {
    const { get, clock } = setUp(factory)
    await get().expect(200, 'hello')
    await get().expect(200, 'hello')
    const refused = await get().expect(429)
    expect(refused.body).toEqual({ error: 'Rate limit exceeded', retryAfter: 90 })
    expect(refused.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'retry-after': '90',
      'ratelimit-policy': '"default";q=2;w=60',
      ratelimit: '"default";r=0;t=90',
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '0',
    })
    clock.advance('89s')
    await get().expect(429)
    clock.advance('1s')
    await get().expect(200)
  })

  it('requests within the limit are told what is left', async () => {
    const { get } = setUp(factory)
    const before = Math.floor(Date.now() / 1000)
    const { headers } = await get().expect(200)
    expect(headers).toMatchObject({
      'ratelimit-policy': '"default";q=2;w=60',
      ratelimit: '"default";r=1;t=120',
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '1',
    })
    const reset = Number(headers['x-ratelimit-reset']) - before
    expect(reset).toBeGreaterThanOrEqual(120)
    expect(reset).toBeLessThan(130)
    expect(headers).not.toHaveProperty('retry-after')
  })

  it('each kind of header can be switched off', async () => {
    const shown = async (options: Options): Promise<string[]> => {
      const { get } = setUp(factory, { limit: 1, ...options })
      await get().expect(200)
      const { headers } = await get().expect(429)
      return Object.keys(headers).filter((name) => /ratelimit|retry/.test(name))
    }
    const standard = ['ratelimit-policy', 'ratelimit']
    const legacy = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset']
    const off = { standard: false, legacy: false }
    const sorted = (...names: string[]) => [...names, 'retry-after'].toSorted()
    expect((await shown({ headers: { legacy: false } })).toSorted()).toEqual(sorted(...standard))
    expect((await shown({ headers: { standard: false } })).toSorted()).toEqual(sorted(...legacy))
    expect(await shown({ headers: off })).toEqual(['retry-after'])
    expect(await shown({ headers: { ...off, retryAfter: false } })).toEqual([])
  })

  it('several policies share one decision and one header', async () => {
    const { get } = setUp(factory, {
      policies: [
        { name: 'burst', limit: 1, window: '1s' },
        { name: 'daily', limit: 9, window: '1d' },
      ],
    })
    await get().expect(200)
    const { headers } = await get().expect(429)
    expect(headers['ratelimit-policy']).toBe('"burst";q=1;w=1, "daily";q=9;w=86400')
    expect(headers['ratelimit']).toBe('"burst";r=0;t=2, "daily";r=8')
    expect(headers['retry-after']).toBe('2')
  })

  it('two limiters on one request add their policies and the last one speaks in the old headers', async () => {
    const cache = createCache()
    const both = [
      { cache, name: 'all', limit: 9, window: '1m' },
      { cache, name: 'some', limit: 5, window: '1m' },
    ] as const
    const app = factory.create({
      express: both.map((options) => expressRateLimit(options)),
      koa: both.map((options) => koaRateLimit(options)),
      routes: { 'GET /': () => 'hello' },
    })
    const { headers } = await request(app.listener).get('/').expect(200)
    expect(headers['ratelimit-policy']).toBe('"all";q=9;w=60, "some";q=5;w=60')
    expect(headers['ratelimit']).toMatch(/^"all";r=8;t=\d+, "some";r=4;t=\d+$/)
    expect(headers['x-ratelimit-limit']).toBe('5')
  })

  it('a refusal comes after no time that another limiter told', async () => {
    const cache = createCache({ store: memoryStore({ clock: manualClock() }) })
    const full = createCache({ store: memoryStore({ maxState: 1 }) })
    await createRateLimiter({ cache: full, limit: 1, window: '1d' }).consume('the one that fits')
    const all = [
      { cache, policies: [{ name: 'a";t=5, "b', limit: 9, window: '1d' }] },
      { cache, name: 'some', limit: 1, window: '1m' },
      { cache: full, name: 'none', limit: 1, window: '1m', onStoreError: 'closed' },
    ] as const
    const app = factory.create({
      express: all.map((options) => expressRateLimit(options)),
      koa: all.map((options) => koaRateLimit(options)),
      routes: { 'GET /': () => 'hello' },
    })
    const escaped = '"a\\";t=5, \\"b"'
    const away = await request(app.listener).get('/').expect(503)
    expect(away.headers['ratelimit']).toBe(`${escaped};r=8, "some";r=0`)
    const over = await request(app.listener).get('/').expect(429)
    expect(over.headers['ratelimit']).toBe(`${escaped};r=7, "some";r=0;t=120`)
  })

  it('the handler finds the decision on its request', async () => {
    const { get } = setUp(factory)
    const { body } = await get('/decision').expect(200)
    expect(body satisfies Decision).toMatchObject({ allowed: true, remaining: 1, source: 'store' })
  })
})
