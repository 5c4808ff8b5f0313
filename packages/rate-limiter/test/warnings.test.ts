import cluster from 'node:cluster'
import { createCache } from '@sluice/core'
import type { Exchange } from '@sluice/core/http'
import { httpApps, type HttpAppFactory } from '@sluice/testkit'
import type { RequestHandler } from 'express'
import type { Middleware } from 'koa'
import request from 'supertest'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Options } from './limited-app.ts'
import { sharedMemory } from './shared-memory.ts'

/** The codes of the warnings that were given, in a process of its own as far as warnings go. */
const emitted: unknown[] = []

beforeEach(() => {
  vi.resetModules()
  emitted.length = 0
  vi.spyOn(process, 'emitWarning').mockImplementation((_message, options) => {
    emitted.push(Reflect.get(Object(options), 'code'))
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

const all = [
  'SLUICE_WARN_FORWARDED_FOR',
  'SLUICE_WARN_TRUST_PROXY',
  'SLUICE_WARN_COUNTED_TWICE',
  'SLUICE_WARN_PROCESS_MEMORY',
] as const
const forwarded = { 'x-forwarded-for': '203.0.113.9' }

const trustOneInExpress: RequestHandler = (req, _res, next) => {
  req.app.set('trust proxy', 1)
  next()
}
const trustOneInKoa: Middleware = (ctx, next) => {
  ctx.app.maxIpsCount = 1
  return next()
}

async function limitedApp(factory: HttpAppFactory, options: Options = {}) {
  const { setUp } = await import('./limited-app.ts')
  return setUp(factory, { silence: [], limit: 100, ...options })
}

async function middlewares() {
  const { rateLimit: express } = await import('../src/express.ts')
  const { rateLimit: koa } = await import('../src/koa.ts')
  return { express, koa }
}

describe.each(httpApps)('in $name', (factory) => {
  it.each([forwarded, { forwarded: 'for=203.0.113.9' }])(
    'a forwarded request where no proxy is trusted is warned of once: %s',
    async (headers) => {
      const { get } = await limitedApp(factory)
      await get().expect(200)
      expect(emitted).toEqual([])
      await get('/', headers).expect(200)
      await get('/', headers).expect(200)
      const other = await limitedApp(factory)
      await other.get('/', headers).expect(200)
      expect(emitted).toEqual(['SLUICE_WARN_FORWARDED_FOR'])
    },
  )

  it('trust in whatever a header says is warned of once', async () => {
    const { get } = await limitedApp(factory, { trustProxy: true })
    await get().expect(200)
    await get('/', forwarded).expect(200)
    expect(emitted).toEqual(['SLUICE_WARN_TRUST_PROXY'])
  })

  it('trust in one proxy is as it should be', async () => {
    const { express, koa } = await middlewares()
    const app = factory.create({
      express: [trustOneInExpress, express({ limit: 999, window: '1m' })],
      koa: [trustOneInKoa, koa({ limit: 999, window: '1m' })],
      routes: { 'GET /': () => 'hello' },
      trustProxy: true,
    })
    await request(app.listener).get('/').set(forwarded).expect(200)
    expect(emitted).toEqual([])
  })

  it('addresses are of no matter where a key of one’s own is used, and no list', async () => {
    for (const trustProxy of [true, false]) {
      const { get } = await limitedApp(factory, { key: () => 'all', trustProxy })
      await get('/', forwarded).expect(200)
    }
    expect(emitted).toEqual([])
    const { get } = await limitedApp(factory, { key: () => 'all', allow: ['10.0.0.0/8'] })
    await get('/', forwarded).expect(200)
    expect(emitted).toEqual(['SLUICE_WARN_FORWARDED_FOR'])
  })

  it('a limiter that is used twice on one request is warned of once', async () => {
    const { express, koa } = await middlewares()
    const options = { limit: 999, window: '1m', silence: [] } as const
    const [onExpress, onKoa] = [express(options), koa(options)]
    const app = factory.create({
      express: [onExpress, onExpress],
      koa: [onKoa, onKoa],
      routes: { 'GET /': () => 'hello' },
    })
    await request(app.listener).get('/').expect(200)
    await request(app.listener).get('/').expect(200)
    expect(emitted).toEqual(['SLUICE_WARN_COUNTED_TWICE'])
  })

  const cache = createCache()
  const otherCache = createCache()
  const one = { cache, limit: 999, window: '1m' } as const
  it.each([
    ['equal limits and no name', one, one, true],
    ['one name', { ...one, name: 'a' }, { ...one, name: 'a', limit: 998 }, true],
    ['different names', { ...one, name: 'a' }, { ...one, name: 'b' }, false],
    ['different limits', one, { ...one, limit: 998 }, false],
    ['different windows', one, { ...one, window: '1h' }, false],
    ['different keys', one, { ...one, key: () => 'all' }, false],
    ['different stores', one, { ...one, cache: otherCache }, false],
    ['different prefixes', one, { ...one, cache: cache.namespace('other') }, false],
    ['no limit', { ...one, limit: Infinity }, { ...one, limit: Infinity }, false],
    ['no cost', { ...one, cost: 0 }, one, false],
  ] as const)('two limiters of %s are warned of as they share a count', async (...given) => {
    const [, first, second, isShared] = given
    const { express, koa } = await middlewares()
    const app = factory.create({
      express: [express(first), express(second)],
      koa: [koa(first), koa(second)],
      routes: { 'GET /': () => 'hello' },
    })
    await request(app.listener).get('/').expect(200)
    await request(app.listener).get('/').expect(200)
    expect(emitted).toEqual(isShared ? ['SLUICE_WARN_COUNTED_TWICE'] : [])
  })

  it('each can be silenced by its code', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    vi.stubEnv('WEB_CONCURRENCY', '2')
    for (const trustProxy of [true, false]) {
      const { get } = await limitedApp(factory, { trustProxy, silence: all })
      await get('/', forwarded).expect(200)
    }
    const { express, koa } = await middlewares()
    const options = { limit: 999, window: '1m', silence: all } as const
    const twice = factory.create({
      express: [express(options), express(options)],
      koa: [koa(options), koa(options)],
      routes: { 'GET /': () => 'hello' },
    })
    await request(twice.listener).get('/').expect(200)
    expect(emitted).toEqual([])
  })
})

describe('a proxy', () => {
  it('is looked for until there is nothing left to warn of', async () => {
    const { createWarnings } = await import('../src/http/warnings.ts')
    const { warnOfProxies } = await import('../src/http/setup-warnings.ts')
    const header = vi.fn<Exchange['header']>((name) =>
      name === 'forwarded' ? 'for=::1' : undefined,
    )
    const trustOf = vi.fn<() => 'none'>(() => 'none')
    const exchange = { context: {}, header }
    warnOfProxies(createWarnings(all), exchange, trustOf)
    expect(trustOf).not.toHaveBeenCalled()
    const warnings = createWarnings(['SLUICE_WARN_TRUST_PROXY'])
    warnOfProxies(warnings, exchange, trustOf)
    expect(header).toHaveBeenCalledTimes(2)
    warnOfProxies(warnings, exchange, trustOf)
    expect(header).toHaveBeenCalledTimes(2)
    expect(trustOf).toHaveBeenCalledTimes(1)
    expect(emitted).toEqual(['SLUICE_WARN_FORWARDED_FOR'])
  })
})

describe('memory of several processes', () => {
  const make = async (options: object = {}): Promise<void> => {
    const { express } = await middlewares()
    express({ limit: 1, window: '1m', ...options })
  }

  it.each([
    [{ WEB_CONCURRENCY: '2' }, true],
    [{ WEB_CONCURRENCY: '1' }, false],
    [{ WEB_CONCURRENCY: 'auto' }, false],
    [{ NODE_APP_INSTANCE: '1' }, true],
    // The first of PM2's instances cannot know whether there are more; those tell.
    [{ NODE_APP_INSTANCE: '0' }, false],
    [{ NODE_ENV: 'development', WEB_CONCURRENCY: '2' }, false],
    [{}, false],
  ])('is warned of in production, at once: %s', async (environment, isWarned) => {
    for (const [name, value] of Object.entries({ NODE_ENV: 'production', ...environment }))
      vi.stubEnv(name, value)
    await make()
    await make()
    expect(emitted).toEqual(isWarned ? ['SLUICE_WARN_PROCESS_MEMORY'] : [])
  })

  it('is warned of in a worker of node:cluster', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    Reflect.set(cluster, 'isWorker', true)
    onTestFinished(() => void Reflect.set(cluster, 'isWorker', false))
    await make()
    expect(emitted).toEqual(['SLUICE_WARN_PROCESS_MEMORY'])
  })

  it('is not warned of where the store is shared', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    vi.stubEnv('WEB_CONCURRENCY', '2')
    await make({ cache: sharedMemory().cache })
    expect(emitted).toEqual([])
  })
})
