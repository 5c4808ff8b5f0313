import { createCache, type Cache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { flakyStore, manualClock, manualFaults } from '@sluice/core/testing'
import { httpApps, type HttpAppFactory } from '@sluice/testkit'
import { rateLimit, type Options } from 'express-rate-limit'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { expressRateLimitStore } from '../src/express-rate-limit.ts'

const windowMs = 60_000

/** On memory with a manual clock. */
function setUpCache() {
  const clock = manualClock()
  const faults = manualFaults()
  const cache = createCache({ store: flakyStore(memoryStore({ clock }), faults) })
  return { cache, clock, faults }
}

/** A store that knows its window, as the middleware tells it. */
function storeOf(cache: Cache, prefix?: string) {
  const store = expressRateLimitStore({ cache, prefix })
  rateLimit({ store, windowMs })
  return store
}

/** How many state keys there are. */
function keysIn(cache: Cache): number | undefined {
  return cache.store.usage('')?.stateKeys
}

const expressApps = httpApps.filter(({ framework }) => framework === 'express')

/** An app behind the middleware of express-rate-limit. Whatever its own checks complain of is in `complaints`. */
function setUp({ create }: HttpAppFactory, options: Partial<Options> = {}) {
  const { cache, clock, faults } = setUpCache()
  const store = expressRateLimitStore({ cache })
  const complaints: unknown[] = []
  const log = (...told: unknown[]): void => void complaints.push(told)
  const limit = rateLimit({
    store,
    windowMs,
    limit: 2,
    standardHeaders: 'draft-7',
    logger: { error: log, warn: log },
    ...options,
  })
  const app = create({
    express: [limit],
    routes: {
      'GET /': () => 'hello',
      'GET /fails': ({ status }) => {
        status(500)
        return 'failed'
      },
      'GET /decision': ({ request: framework }) => Reflect.get(framework, 'rateLimit'),
    },
  })
  const get = (path = '/') => request(app.listener).get(path)
  const hitsOf = async (key: string) => (await limit.getKey(key))?.totalHits
  return { app, cache, clock, complaints, faults, get, hitsOf, limit, store }
}

describe.each(expressApps)('behind express-rate-limit on $name', (factory) => {
  it('counts each client and tells in headers what is left', async () => {
    const { clock, complaints, get } = setUp(factory)
    const first = await get().expect(200)
    expect(first.headers).toMatchObject({
      'ratelimit-policy': '2;w=60',
      ratelimit: 'limit=2, remaining=1, reset=60',
      'x-ratelimit-remaining': '1',
    })
    clock.advance('20s')
    await get().expect(200)
    const refused = await get().expect(429)
    expect(refused.headers).toMatchObject({
      ratelimit: 'limit=2, remaining=0, reset=40',
      'retry-after': '40',
    })
    clock.advance('40s')
    await get().expect(200)
    expect(complaints).toEqual([])
  })

  it('gives failed requests back where they do not count', async () => {
    const { complaints, get, hitsOf } = setUp(factory, { skipFailedRequests: true })
    const key = await keyOf(get)
    await expect.poll(() => hitsOf(key)).toBe(1)
    for (let i = 0; i < 4; i++) {
      await get('/fails').expect(500)
      await expect.poll(() => hitsOf(key)).toBe(1)
    }
    await get().expect(200)
    await get().expect(429)
    await expect.poll(() => hitsOf(key)).toBe(2)
    expect(complaints).toEqual([])
  })

  it('gives successful requests back where only failures count', async () => {
    const { get, hitsOf } = setUp(factory, { skipSuccessfulRequests: true })
    const key = await keyOf(get)
    await expect.poll(() => hitsOf(key)).toBe(0)
    await get('/fails').expect(500)
    await get().expect(200)
    await expect.poll(() => hitsOf(key)).toBe(1)
    await get('/fails').expect(500)
    await get('/fails').expect(429)
  })

  it('a refund that comes after the window is over leaves no key', async () => {
    const { cache, clock, get, hitsOf } = setUp(factory, {
      skipSuccessfulRequests: true,
      requestWasSuccessful: () => {
        clock.advance('1m')
        return true
      },
    })
    const key = await keyOf(get)
    await expect.poll(() => hitsOf(key)).toBe(undefined)
    await settled()
    expect(await hitsOf(key)).toBe(undefined)
    expect(keysIn(cache)).toBe(0)
  })

  it('a client that was reset starts anew', async () => {
    const { get, hitsOf, limit } = setUp(factory)
    const key = await keyOf(get)
    await get().expect(200)
    await get().expect(429)
    limit.resetKey(key)
    await expect.poll(() => hitsOf(key)).toBe(undefined)
    await get().expect(200)
  })

  it('a store that is away is answered with 503, or not noticed', async () => {
    const strict = setUp(factory)
    strict.faults.fail({ times: Infinity })
    await strict.get().expect(503)
    expect(strict.app.errors).toMatchObject([{ code: 'SLUICE_STORE_UNAVAILABLE' }])

    const lenient = setUp(factory, { passOnStoreError: true })
    lenient.faults.fail({ times: Infinity })
    for (let i = 0; i < 5; i++) await lenient.get().expect(200, 'hello')
    lenient.faults.heal()
    await lenient.get().expect(200)
    await lenient.get().expect(200)
    await lenient.get().expect(429)
  })

  it('a request that two limiters of one prefix count is noticed, in memory too', async () => {
    const { cache } = setUpCache()
    const complaints: unknown[] = []
    const limitBy = (prefix: string) =>
      rateLimit({
        store: expressRateLimitStore({ cache, prefix }),
        logger: { error: (error) => void complaints.push(error), warn: () => undefined },
      })
    const routes = { 'GET /': () => 'hello' }
    const apart = factory.create({ express: [limitBy('a'), limitBy('b')], routes })
    await request(apart.listener).get('/').expect(200)
    expect(complaints).toEqual([])
    const together = factory.create({ express: [limitBy('c'), limitBy('c')], routes })
    await request(together.listener).get('/').expect(200)
    expect(complaints).toMatchObject([{ code: 'ERR_ERL_DOUBLE_COUNT' }])
  })
})

/** The key that the middleware gives to the client of a test; its request is counted. */
async function keyOf(get: (path: string) => request.Test): Promise<string> {
  const { body } = await get('/decision').expect(200)
  return body.key
}

/** Time for what a response left to be done. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('the store', () => {
  it('tells how many hits there were and when they are forgotten', async () => {
    const { cache, clock } = setUpCache()
    const store = storeOf(cache)
    expect(await store.get('ada')).toBe(undefined)
    const before = Date.now()
    const { totalHits, resetTime } = await store.increment('ada')
    expect(totalHits).toBe(1)
    expect(resetTime?.getTime()).toBeGreaterThanOrEqual(before + windowMs)
    expect(resetTime?.getTime()).toBeLessThanOrEqual(Date.now() + windowMs)
    clock.advance('59s')
    await store.increment('ada')
    const found = await store.get('ada')
    expect(found?.totalHits).toBe(2)
    expect(found?.resetTime?.getTime()).toBeLessThanOrEqual(Date.now() + 1000)
    clock.advance('1s')
    expect(await store.get('ada')).toBe(undefined)
  })

  it('a refund makes no key, goes never below 0 and leaves the window as it is', async () => {
    const { cache, clock } = setUpCache()
    const store = storeOf(cache)
    await store.decrement('ada')
    expect(keysIn(cache)).toBe(0)
    await store.increment('ada')
    clock.advance('40s')
    for (let i = 0; i < 3; i++) await store.decrement('ada')
    expect(await store.get('ada')).toMatchObject({ totalHits: 0 })
    expect(await store.increment('ada')).toMatchObject({ totalHits: 1 })
    clock.advance('20s')
    expect(await store.get('ada')).toBe(undefined)
  })

  it('a reset of all forgets its own counts and nothing else', async () => {
    const { cache } = setUpCache()
    const odd = ['ada', '2001:db8::/56', '{a}', 'a}:rl', '*', '[x]']
    const mine = storeOf(cache, 'rl*')
    const others = [
      storeOf(cache, 'rl'),
      storeOf(cache, 'rl*:x'),
      storeOf(cache, 'rlx'),
      storeOf(cache.tenant('eu'), 'rl*'),
      storeOf(cache.namespace('rl*'), 'rl*'),
    ]
    for (const store of [mine, ...others]) for (const key of odd) await store.increment(key)
    await cache.set('ada:rl*', 'an entry')
    await mine.resetAll()
    for (const key of odd) {
      expect(await mine.get(key)).toBe(undefined)
      for (const store of others) expect(await store.get(key)).toMatchObject({ totalHits: 1 })
    }
    expect(await cache.get('ada:rl*')).toBe('an entry')
  })

  it('leaves the cache open when the middleware shuts down', async () => {
    const { cache } = setUpCache()
    const store = storeOf(cache)
    await store.shutdown()
    expect(await store.increment('ada')).toMatchObject({ totalHits: 1 })
  })

  it('rejects with what the cache’s store says, and counts again when it is back', async () => {
    const { cache, faults } = setUpCache()
    const store = storeOf(cache)
    faults.fail({ times: Infinity })
    for (const verb of ['increment', 'decrement', 'get', 'resetKey'] as const) {
      await expect(store[verb]('ada')).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
    }
    await expect(store.resetAll()).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
    faults.heal()
    expect(await store.increment('ada')).toMatchObject({ totalHits: 1 })
  })

  it('gives up at its deadline', async () => {
    const { cache, faults } = setUpCache()
    const store = expressRateLimitStore({ cache, deadline: 10 })
    rateLimit({ store, windowMs })
    faults.hold()
    await expect(store.increment('ada')).rejects.toMatchObject({ reason: 'timeout' })
    faults.heal()
  })

  it('refuses what cannot be a key, with a status for the client', async () => {
    const store = storeOf(setUpCache().cache)
    await expect(store.increment('')).rejects.toMatchObject({ code: 'SLUICE_KEY', status: 400 })
    await expect(store.increment('x'.repeat(2000))).rejects.toMatchObject({ code: 'SLUICE_KEY' })
  })

  it('refuses options that cannot be meant', () => {
    // @ts-expect-error: no such option
    expect(() => expressRateLimitStore({ prefx: 'a' })).toThrow('Did you mean "prefix"?')
    for (const prefix of ['', 'x'.repeat(65), 'ä', 'a\n']) {
      expect(() => expressRateLimitStore({ prefix })).toThrow('Expected "prefix" to be')
    }
  })

  it('without a window that it can count in every hit says what is missing', async () => {
    const { cache } = setUpCache()
    const unused = expressRateLimitStore({ cache })
    await expect(unused.increment('ada')).rejects.toThrow('Give it to rateLimit()')

    const store = expressRateLimitStore({ cache })
    const told: unknown[] = []
    const logger = { error: (error: unknown) => void told.push(error), warn: () => undefined }
    rateLimit({ store, windowMs: Number.NaN, validate: false, logger })
    expect(told).toMatchObject([{ code: 'SLUICE_OPTION' }])
    await expect(store.increment('ada')).rejects.toMatchObject({ code: 'SLUICE_OPTION' })

    rateLimit({ store, windowMs: 0.5, validate: false, logger })
    expect(await store.increment('ada')).toMatchObject({ totalHits: 1 })
  })
})
