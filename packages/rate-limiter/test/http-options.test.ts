import { httpApps } from '@sluice/testkit'
import express from 'express'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { rateLimit as expressRateLimit } from '../src/express.ts'
import { clientKey, createRateLimiter } from '../src/index.ts'
import { rateLimit as koaRateLimit } from '../src/koa.ts'
import { setUp, type AnyRequest } from './limited-app.ts'

describe.each(httpApps)('in $name', (factory) => {
  it('a request that is skipped is not counted and has no headers', async () => {
    const { get } = setUp(factory, { limit: 1, skip: async (req) => req.path === '/decision' })
    for (let i = 0; i < 3; i++) {
      const { text, headers } = await get('/decision').expect(200)
      expect(text).toBe('no decision')
      expect(headers).not.toHaveProperty('ratelimit')
    }
    await get().expect(200)
    await get().expect(429)
  })

  it('the key says whose budget is used, and may come later', async () => {
    const { get } = setUp(factory, { limit: 1, key: async (req) => req.get('x-user') || 'nobody' })
    await get('/', { 'x-user': 'ada' }).expect(200)
    await get('/', { 'x-user': 'bob' }).expect(200)
    await get('/', { 'x-user': 'ada' }).expect(429)
  })

  it('the cost may come with the request, and a free one passes always', async () => {
    const { get } = setUp(factory, { limit: 5, cost: (req) => Number(req.get('x-cost')) })
    await get('/', { 'x-cost': '3' }).expect(200)
    await get('/', { 'x-cost': '3' }).expect(429)
    await get('/', { 'x-cost': '2' }).expect(200)
    await get('/', { 'x-cost': '0' }).expect(200)
    const { headers } = await get('/', { 'x-cost': '6' }).expect(429)
    expect(headers['ratelimit']).toBe('"default";r=0;t=72')
    expect(headers['retry-after']).toBe('72')
  })

  it('limit and window may come with the request, now or later', async () => {
    const { get } = setUp(factory, {
      key: (req) => req.get('x-plan') || 'free',
      limit: async (req) => (req.get('x-plan') === 'paid' ? 3 : 1),
      window: (req) => (req.get('x-plan') === 'paid' ? '1h' : '1m'),
    })
    const paid = { 'x-plan': 'paid' }
    await get().expect(200)
    await get().expect(429)
    for (let i = 0; i < 3; i++) await get('/', paid).expect(200)
    const { headers } = await get('/', paid).expect(429)
    expect(headers['ratelimit-policy']).toBe('"default";q=3;w=3600')
  })

  it('tiers by path are a function and a key', async () => {
    const tiers = [
      { path: '/api/admin', limit: 50 },
      { path: '/api/auth', limit: 10 },
      { path: '/', limit: 100 },
    ]
    const tierOf = ({ path }: AnyRequest) =>
      tiers.find((tier) => path.toLowerCase().startsWith(tier.path)) ?? { path: '/', limit: 100 }
    const { get } = setUp(factory, {
      limit: (req) => tierOf(req).limit,
      key: (req) => `${tierOf(req).path} ${clientKey(req.ip)}`,
    })
    for (const [path, limit] of [
      ['/api/admin/users', 50],
      ['/api/auth/login', 10],
      ['/api/items', 100],
      ['/', 100],
    ] as const) {
      const { headers } = await get(path).expect(200)
      expect(headers['x-ratelimit-limit']).toBe(String(limit))
    }
    for (let i = 0; i < 9; i++) await get('/api/auth/login').expect(200)
    await get('/api/auth/login').expect(429)
    await get('/API/AUTH/login').expect(429)
    await get('/api/items').expect(200)
  })

  it('clients are told apart by address, an IPv6 subnet being one client', async () => {
    const { get } = setUp(factory, { limit: 1, trustProxy: true })
    const from = (address: string) => get('/', { 'x-forwarded-for': address })
    await from('203.0.113.9').expect(200)
    await from('::ffff:203.0.113.9').expect(429)
    await from('203.0.113.10').expect(200)
    await from('2001:db8:1:ab00::1').expect(200)
    await from('2001:db8:1:abff::2').expect(429)
    await from('2001:db8:1:ac00::1').expect(200)
    await get().expect(200)
  })

  it('a client can be forgiven by a limiter of the same name', async () => {
    const { get, cache } = setUp(factory, { name: 'login', limit: 1 })
    await get().expect(200)
    await get().expect(429)
    await createRateLimiter({ cache, name: 'login', limit: 1, window: '1m' }).reset('127.0.0.1')
    await get().expect(200)
  })
})

describe('the middleware', () => {
  it('has a name, for stacks and debuggers', () => {
    const options = { limit: 1, window: '1m' } as const
    expect(expressRateLimit(options).name).toBe('rateLimit')
    expect(koaRateLimit(options).name).toBe('rateLimit')
  })

  it('without a cache counts in the memory of the process', async () => {
    const options = { name: 'of-the-process', limit: 1, window: '1m' } as const
    const [one, other] = [1, 2].map(() => {
      const app = express()
      app.use(expressRateLimit(options)).get('/', (_req, res) => void res.send('hello'))
      return request(app)
    })
    await one?.get('/').expect(200)
    await other?.get('/').expect(429)
  })
})
