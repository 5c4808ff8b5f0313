import { createCache, type Cache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import * as express from '@sluice/core/express'
import * as koa from '@sluice/core/koa'
import { httpApps } from '@sluice/testkit'
import request from 'supertest'
import { describe, expect, it } from 'vitest'

const cache = createCache()

describe.each(httpApps)('tenantCache on $name', (framework) => {
  const tenantOf = (header: string | string[] | undefined) =>
    header === undefined ? undefined : String(header)
  const app = framework.create({
    express: [
      express.tenantCache({ cache, tenant: async (req) => tenantOf(req.headers['x-user']) }),
    ],
    koa: [koa.tenantCache({ cache, tenant: (ctx) => tenantOf(ctx.headers['x-user']) })],
    routes: {
      'GET /name': async ({ request: { tenantCache } }) => {
        const own = tenantCache as Cache
        const before = await own.get('name')
        await own.set('name', 'set')
        return { before: before ?? null }
      },
    },
  })
  const get = (user: string) => request(app.listener).get('/name').set('X-User', user)

  it('gives each tenant a cache of its own', async () => {
    await get(`${framework.name} a:b`).expect({ before: null })
    await get(`${framework.name} a:b`).expect({ before: 'set' })
    await get(`${framework.name} a`).expect({ before: null })
  })

  it('fails closed: without a tenant there is no cache, and the error says so', async () => {
    await request(app.listener).get('/name').expect(400)
    expect(app.errors.at(-1)).toMatchObject({ code: 'SLUICE_TENANT', status: 400 })
  })
})

describe.each(httpApps)('healthCheck on $name', (framework) => {
  const serving = (subject: Cache) =>
    framework.create({
      express: [express.healthCheck({ cache: subject, path: '/health' })],
      koa: [koa.healthCheck({ cache: subject, path: '/health' })],
      routes: { 'GET /other': () => 'other' },
    }).listener

  it('answers 200 while the store answers, and passes other paths on', async () => {
    const response = await request(serving(cache)).get('/health?verbose=1').expect(200)
    expect(response.body).toEqual({ status: 'ok', store: 'memory', tookMs: expect.any(Number) })
    expect(response.headers['cache-control']).toBe('no-store')
    await request(serving(cache)).get('/other').expect(200, 'other')
  })

  it('answers 503 when the store does not', async () => {
    const store = memoryStore()
    await store.close()
    const response = await request(serving(createCache({ store })))
      .get('/health')
      .expect(503)
    expect(response.body).toMatchObject({ status: 'unavailable' })
  })
})

it.each([
  [() => express.tenantCache({ cache } as never), /Expected "tenant" to be a function/],
  [() => koa.tenantCache({ tenant: () => 'a' } as never), /Expected "cache" to be a cache/],
  [() => express.healthCheck({ cash: cache } as never), /no option "cash". Did you mean "cache"/],
])('options are checked at construction: %s', (make, message) => {
  expect(make).toThrow(message)
})
