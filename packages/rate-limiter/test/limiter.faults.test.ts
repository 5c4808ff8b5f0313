import { createCache, type Cache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import {
  httpApps,
  redisUrl,
  startFaultProxy,
  startRedis,
  uniquePrefix,
  waitUntil,
} from '@sluice/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rateLimit as expressRateLimit } from '../src/express.ts'
import { createRateLimiter, type OnStoreError } from '../src/index.ts'
import { rateLimit as koaRateLimit } from '../src/koa.ts'

/** The deadline of a decision by default, and what a loaded machine of two cores may add. */
const deadlineMs = 100
const marginMs = 250

type Proxy = Awaited<ReturnType<typeof startFaultProxy>>

describe('Redis behind a network that fails', () => {
  let proxy: Proxy
  let cache: Cache & AsyncDisposable
  beforeEach(async () => {
    proxy = await startFaultProxy({ port: Number(new URL(redisUrl()).port) })
    const store = redisStore({ url: `redis://127.0.0.1:${proxy.port}` })
    cache = createCache({ store, prefix: uniquePrefix('limit') })
    // A decision's deadline is for decisions: connecting may take longer on a loaded machine.
    await waitUntil(() => cache.ping(), { what: 'the first connection' })
  })
  afterEach(async () => {
    await cache[Symbol.asyncDispose]()
    await proxy.stop()
  })

  const timed = async <Value>(work: () => Promise<Value>) => {
    const startMs = performance.now()
    return { value: await work(), tookMs: performance.now() - startMs }
  }

  it('that swallows everything: decisions are local within the deadline, then at once', async () => {
    const limiter = createRateLimiter({ cache, limit: 5, window: '1h' })
    expect(await limiter.consume('ada')).toMatchObject({ source: 'store', remaining: 4 })
    proxy.blackhole()
    const took: number[] = []
    for (const remaining of [4, 3, 2, 1, 0]) {
      const { value, tookMs } = await timed(() => limiter.consume('ada'))
      expect(value).toMatchObject({ allowed: true, source: 'local', remaining })
      expect(tookMs).toBeLessThan(deadlineMs + marginMs)
      took.push(tookMs)
    }
    expect(await limiter.consume('ada')).toMatchObject({ allowed: false, source: 'local' })
    // The store's breaker is open: nobody waits for the deadline any more.
    expect(took.at(-1)).toBeLessThan(deadlineMs / 2)

    proxy.heal()
    await waitUntil(async () => (await limiter.peek('ada')).source === 'store', {
      what: 'the store to decide again',
    })
  })

  it('that cuts and refuses: local at once, and back by itself', async () => {
    const limiter = createRateLimiter({ cache, limit: 5, window: '1h' })
    await limiter.consume('ada')
    proxy.refuse()
    await waitUntil(async () => (await limiter.peek('ada')).source === 'local', {
      what: 'the connection to be missed',
    })
    const { value, tookMs } = await timed(() => limiter.consume('ada'))
    expect(value).toMatchObject({ allowed: true, source: 'local' })
    expect(tookMs).toBeLessThan(deadlineMs / 2)
    proxy.heal()
    await waitUntil(async () => (await limiter.peek('ada')).source === 'store', {
      what: 'the store to decide again',
    })
    expect((await limiter.peek('ada')).remaining).toBe(4)
  })

  it('that loses a reply: the request is decided locally, and nothing is sent twice', async () => {
    const limiter = createRateLimiter({ cache, limit: 5, window: '1h' })
    await limiter.consume('ada')
    proxy.dropNextReply()
    expect(await limiter.consume('ada')).toMatchObject({ allowed: true, source: 'local' })
    await waitUntil(async () => (await limiter.peek('ada')).source === 'store', {
      what: 'the store to decide again',
    })
    expect((await limiter.peek('ada')).remaining).toBe(3)
  })

  it('is told from the start: a limiter made while Redis is away works, and moves over', async () => {
    proxy.refuse()
    const limiter = createRateLimiter({ cache, limit: 5, window: '1h' })
    expect(await limiter.consume('ada')).toMatchObject({ allowed: true, source: 'local' })
    proxy.heal()
    await waitUntil(async () => (await limiter.peek('ada')).source === 'store', {
      what: 'the store to decide again',
    })
  })

  it('a reset says that it could not be done', async () => {
    const limiter = createRateLimiter({ cache, limit: 5, window: '1h', onStoreError: 'open' })
    await limiter.consume('ada')
    proxy.blackhole()
    await expect(limiter.reset('ada')).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
  })
})

describe.each(httpApps)(
  'in $name, with Redis behind a network that swallows everything',
  (factory) => {
    it('requests wait for the deadline at the most, and not at all once the breaker is open', async () => {
      await using proxy = await startFaultProxy({ port: Number(new URL(redisUrl()).port) })
      const store = redisStore({ url: `redis://127.0.0.1:${proxy.port}` })
      await using cache = createCache({ store, prefix: uniquePrefix('limit') })
      const options = { cache, limit: 10_000, window: '1h' } as const
      const app = factory.create({
        express: [expressRateLimit(options)],
        koa: [koaRateLimit(options)],
        routes: { 'GET /': () => 'hello' },
      })
      await using listening = await app.listen()
      const timeOf = async () => {
        const startMs = performance.now()
        expect((await fetch(listening.url)).status).toBe(200)
        return performance.now() - startMs
      }
      const timesOf = async (count: number) =>
        (await Promise.all(Array.from({ length: count }, timeOf))).toSorted((a, b) => a - b)
      await timesOf(40)

      proxy.blackhole()
      const first = await timesOf(40)
      const then: number[] = []
      for (let at = 0; at < 100; at++) then.push(await timeOf())
      then.sort((a, b) => a - b)
      const [slowest = 0] = first.slice(-1)
      const [usual = 0] = then.slice(Math.floor(then.length * 0.9))
      console.log(
        `${factory.name}, blackholed: ${slowest.toFixed(0)} ms at most of 40 at once, then 9 of 10 in ${usual.toFixed(1)} ms`,
      )
      expect(slowest).toBeLessThan(deadlineMs + marginMs)
      // Forty requests at once take this machine a while: what counts is that none of them waits for Redis.
      expect(usual).toBeLessThan(deadlineMs)
    })
  },
)

describe.each(httpApps)('in $name, with Redis stopped', ({ create }) => {
  it.each([
    ['local', [200, 429]],
    ['open', [200, 200]],
    ['closed', [503, 503]],
  ] satisfies [OnStoreError, number[]][])(
    '%s answers in under a second',
    async (policy, statuses) => {
      await using server = await startRedis()
      const prefix = uniquePrefix('limit')
      await using cache = createCache({ store: redisStore({ url: server.url }), prefix })
      const options = { cache, limit: 1, window: '1h', onStoreError: policy } as const
      const app = create({
        express: [expressRateLimit(options)],
        koa: [koaRateLimit(options)],
        routes: { 'GET /': () => 'hello' },
      })
      await using listening = await app.listen()
      const get = () => fetch(listening.url, { signal: AbortSignal.timeout(1000) })
      expect((await get()).status).toBe(200)

      server.pause()
      const answers = [await get(), await get()]
      expect(answers.map(({ status }) => status)).toEqual(statuses)
      for (const { status, headers } of answers) {
        expect(Number(headers.get('retry-after')) > 0).toBe(status !== 200)
      }

      server.resume()
      const statusNow = async () => (await get()).status
      // The count that Redis kept is used up: its own refusal shows that it decides again.
      await waitUntil(async () => (await statusNow()) === 429, { what: 'Redis to decide again' })
      expect(app.errors).toEqual([])
    },
  )
})
