import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { httpApps } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { createRateLimiter } from '../src/index.ts'
import { setUp } from './limited-app.ts'

const problem = 'application/problem+json'
const registry = 'https://iana.org/assignments/http-problem-types'

describe.each(httpApps)('in $name', (factory) => {
  it('a refusal is a problem of RFC 9457 where that is asked for', async () => {
    const { get } = setUp(factory, {
      policies: [
        { name: 'a "burst"', limit: 1, window: '1m' },
        { name: 'daily', limit: 9, window: '1d' },
      ],
    })
    await get().expect(200)
    const { body, headers } = await get('/', { accept: problem }).expect(429)
    expect(headers['content-type']).toBe(problem)
    expect(body).toEqual({
      type: `${registry}#quota-exceeded`,
      title: 'Rate limit exceeded',
      status: 429,
      retryAfter: 120,
      'violated-policies': ['a "burst"'],
    })
    expect(headers['retry-after']).toBe('120')
    expect(headers['ratelimit']).toBe('"a \\"burst\\"";r=0;t=120, "daily";r=8')
  })

  it.each([
    [undefined, false],
    ['*/*', false],
    ['application/*', false],
    ['text/html', false],
    ['application/json', false],
    [problem, true],
    ['text/html, Application/Problem+JSON;q=0.5', true],
    [`application/json, ${problem}`, true],
    [`${problem};q=0.5, application/json`, false],
    [`${problem};v=1;q=0.9, application/json; q=0.8`, true],
    [`${problem};q=0`, false],
    [`${problem};q=no`, false],
  ])('Accept: %s asks for a problem: %s', async (accept, asksFor) => {
    const { get } = setUp(factory, { limit: 1 })
    const plain = { error: 'Rate limit exceeded', retryAfter: 120 }
    const request = () => get('/', accept === undefined ? {} : { accept })
    await request().expect(200)
    const { body, type } = await request().expect(429)
    expect(type).toBe(asksFor ? problem : 'application/json')
    expect(body).toMatchObject(asksFor ? { title: plain.error, retryAfter: 120 } : plain)
  })

  it('the form of refusals can be settled, whatever is asked for', async () => {
    for (const [settled, accept, type] of [
      [true, 'application/json', problem],
      [false, problem, 'application/json'],
    ] as const) {
      const { get } = setUp(factory, { limit: 1, problem: settled })
      await get().expect(200)
      expect((await get('/', { accept }).expect(429)).type).toBe(type)
    }
  })

  it('a key that is blocked is told of it, for as long as it is', async () => {
    const { get, cache, clock } = setUp(factory, { name: 'blocking', limit: 5 })
    const limiter = createRateLimiter({ cache, name: 'blocking', limit: 5, window: '1m' })
    await limiter.block('127.0.0.1', '90s')
    const { body, headers } = await get('/', { accept: problem }).expect(429)
    expect(body).toEqual({
      type: `${registry}#abnormal-usage-detected`,
      title: 'Temporarily blocked',
      status: 429,
      retryAfter: 90,
    })
    expect(headers).toMatchObject({
      'retry-after': '90',
      ratelimit: '"blocking";r=0;t=90',
      'x-ratelimit-remaining': '0',
    })
    clock.advance('90s')
    await get().expect(200)
  })

  it('a store that failed is a problem of its own', async () => {
    const cache = createCache({ store: memoryStore({ maxState: 1 }) })
    await createRateLimiter({ cache, limit: 1, window: '1d' }).consume('the one that fits')
    const { get } = setUp(factory, { cache, onStoreError: 'closed', problem: true })
    const { body, type } = await get().expect(503)
    expect(type).toBe(problem)
    expect(body).toEqual({
      type: `${registry}#temporary-reduced-capacity`,
      title: 'Service unavailable',
      status: 503,
      retryAfter: 1,
    })
  })

  it('an answer of one’s own replaces parts of the refusal', async () => {
    const { get } = setUp(factory, {
      limit: 1,
      answer: async (req, { retryAfterMs }) => ({
        status: 420,
        headers: { 'X-Asked': req.path },
        body: { calm: retryAfterMs },
      }),
    })
    await get().expect(200)
    const { body, headers } = await get('/', { accept: problem }).expect(420)
    expect(body).toEqual({ calm: 120_000 })
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-asked': '/',
      'retry-after': '120',
      ratelimit: '"default";r=0;t=120',
    })
  })

  it('what an answer of one’s own does not say stays', async () => {
    const { get } = setUp(factory, {
      limit: 1,
      problem: true,
      answer: ({ path }) =>
        path === '/' ? undefined : { headers: { 'retry-after': '7' }, type: 'application/x+json' },
    })
    await get().expect(200)
    const whole = await get().expect(429)
    const retold = await get('/decision').expect(429)
    expect(whole.type).toBe(problem)
    expect(retold.type).toBe('application/x+json')
    expect(retold.headers['retry-after']).toBe('7')
    expect(JSON.parse(retold.text)).toEqual(whole.body)
  })

  it('an answer of one’s own may be text', async () => {
    const { get } = setUp(factory, {
      limit: 1,
      answer: () => ({ body: '<p>"Slow down"</p>', type: 'text/html; charset=utf-8' }),
    })
    await get().expect(200)
    const { text, headers } = await get().expect(429)
    expect(text).toBe('<p>"Slow down"</p>')
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
  })

  it('an answer that throws fails the request, and lets nobody through', async () => {
    const boom = new Error('no words')
    const { get, app } = setUp(factory, {
      limit: 1,
      answer: () => {
        throw boom
      },
    })
    await get().expect(200)
    await get().expect(500)
    expect(app.errors).toEqual([boom])
  })

  it('no limit is no limit, for a request or for all', async () => {
    const some = setUp(factory, { limit: (req) => (req.get('x-plan') === 'all' ? Infinity : 1) })
    await some.get().expect(200)
    await some.get().expect(429)
    for (const { get } of [some, setUp(factory, { limit: Infinity })]) {
      for (let i = 0; i < 3; i++) {
        const { body, headers } = await get('/decision', { 'x-plan': 'all' }).expect(200)
        expect(body).toMatchObject({ allowed: true, policies: [], source: 'open' })
        expect(Object.keys(headers).filter((name) => name.includes('ratelimit'))).toEqual([])
      }
    }
  })
})
