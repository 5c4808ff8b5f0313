import { createCache, type Cache } from '@sluice/core'
import { fromExpress, fromKoa, type Exchange } from '@sluice/core/http'
import { memoryStore } from '@sluice/core/memory'
import { flakyStore, manualFaults } from '@sluice/core/testing'
import { httpApps, type HttpAppOptions } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { recordFailures } from './fixtures.ts'
import { setUp, tagResponse, type Handler, type Options } from './cached-app.ts'

const page: Handler = (_context, run) => `page ${run}`

/** Middleware as the other packages write it, in front of the cache. */
function before(work: (exchange: Exchange) => void): Pick<HttpAppOptions, 'express' | 'koa'> {
  return {
    express: [(req, res, next) => (work(fromExpress(req, res)), next())],
    koa: [(ctx, next) => (work(fromKoa(ctx)), next())],
  }
}

describe.each(httpApps)('in $name', (factory) => {
  it('a session that is saved while the response is held keeps the page out', async () => {
    let sessions = 0
    const { get } = setUp(factory, (_context, run) => `cart ${run}`, {
      before: before((exchange) =>
        exchange.beforeHeaders(async () => {
          await new Promise((resolve) => setImmediate(resolve))
          exchange.appendHeader('Set-Cookie', `sid=${++sessions}`)
          return undefined
        }),
      ),
    })
    await get().expect('cart 1').expect('Set-Cookie', 'sid=1')
    await get().expect('cart 2').expect('Set-Cookie', 'sid=2')
  })

  it('a hook that says no-store has the last word', async () => {
    const { get } = setUp(factory, page, {
      before: before((exchange) =>
        exchange.beforeHeaders(() => {
          exchange.setHeader('Cache-Control', 'no-store')
          return undefined
        }),
      ),
    })
    await get().expect('page 1')
    await get().expect('page 2')
  })

  it('a response that a hook replaced is not kept, nor is what it replaced', async () => {
    let requests = 0
    const { get } = setUp(factory, page, {
      before: before((exchange) =>
        exchange.beforeHeaders(async () =>
          ++requests === 1 ? { status: 503, body: { error: 'no session' } } : undefined,
        ),
      ),
    })
    await get().expect(503)
    await get().expect(200, 'page 2')
    await get().expect('page 2').expect('Cache-Status', /hit/)
  })

  it('a response that is held and let go is kept as the handler made it', async () => {
    const { get } = setUp(factory, page, {
      before: before((exchange) => {
        exchange.setHeader('X-RateLimit-Remaining', '7')
        exchange.setHeader('X-Limited', 'yes')
        exchange.beforeHeaders(async () => {
          exchange.setHeader('X-Saved', 'yes')
          return undefined
        })
      }),
    })
    const first = await get('/page', { 'if-none-match': '"x"' }).expect(200, 'page 1')
    const second = await get().expect('page 1').expect('Cache-Status', /hit/)
    expect(second.headers).toMatchObject({
      'x-saved': 'yes',
      'x-limited': 'yes',
      etag: first.headers['etag'],
    })
  })

  describe('while the store is away', () => {
    function setUpAway(handler: Handler, options: Options = {}) {
      const faults = manualFaults()
      const failures = recordFailures()
      const wrapStore: Options['wrapStore'] = (store) => flakyStore(store, faults)
      return { ...setUp(factory, handler, { wrapStore, ...options }), faults, failures }
    }

    it('the handler answers, and pages are kept again afterwards', async () => {
      const { get, faults, failures } = setUpAway(page)
      faults.fail({ times: Number.POSITIVE_INFINITY })
      await get().expect(200, 'page 1')
      await get().expect(200, 'page 2')
      expect(failures).toEqual(
        Array(2).fill(expect.objectContaining({ verb: 'cacheResponse', instead: 'handle' })),
      )
      faults.heal()
      await get().expect('page 3')
      await get().expect('page 3').expect('Cache-Status', /hit/)
    })

    it('those who ask at once still share one run', async () => {
      const { app, faults, runs, arrived } = setUpAway(async (_context, run) => {
        await arrived(5)
        return `page ${run}`
      })
      faults.fail({ times: Number.POSITIVE_INFINITY })
      await using listening = await app.listen()
      const ask = async () => (await fetch(`${listening.url}/page`)).text()
      expect(await Promise.all([ask(), ask(), ask(), ask(), ask()])).toEqual(
        Array(5).fill('page 1'),
      )
      expect(runs()).toBe(1)
    })

    it.each(['set', 'run', 'getMany'])('a failing %s keeps nobody from an answer', async (on) => {
      const { get, faults } = setUpAway((context, run) => {
        tagResponse(context, 'a')
        return `page ${run}`
      })
      faults.fail({ on, times: Number.POSITIVE_INFINITY })
      await get().expect(200)
      await get().expect(200)
    })

    it('a change is answered, and that it could not be told is reported', async () => {
      const { send, faults, failures } = setUpAway(page, { routes: { 'POST /page': () => 'done' } })
      faults.fail({ times: Number.POSITIVE_INFINITY })
      await send('post', '/page').expect(200, 'done')
      expect(failures).toEqual([expect.objectContaining({ verb: 'invalidate', instead: 'stale' })])
    })

    it('a purge says that it failed', async () => {
      const { purge, faults } = setUpAway(page)
      faults.fail({ times: Number.POSITIVE_INFINITY })
      await expect(purge.byTag('a')).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
    })
  })

  it('what an options function throws reaches the framework, and nobody waits for it', async () => {
    const boom = new Error('no such tenant')
    const fails = (): never => {
      throw boom
    }
    for (const options of [{ key: fails }, { tags: fails }, { sessionCookies: fails }]) {
      const { app, get } = setUp(factory, page, options)
      await get().expect(500)
      await get().expect(500)
      expect(app.errors).toEqual([boom, boom])
    }
  })

  it('values of other kinds in the cache are no responses', async () => {
    const { get, cache } = setUp(factory, page)
    await get().expect('page 1')
    await spoil(cache, 'url:*', { responses: 2, variants: [] })
    await get().expect('page 2')
    await spoil(cache, 'url:*', 7)
    await get().expect('page 3')
    await spoil(cache, 'url:*', 'no record')
    await get().expect('page 4')
    await get().expect('page 4')
  })
})

/** Overwrites what a cache keeps of responses. */
async function spoil(cache: Cache, pattern: string, value: unknown): Promise<void> {
  const responses = cache.namespace('http-responses')
  const keys = await responses.keysMatching(pattern)
  expect(keys).not.toEqual([])
  for (const key of keys) await responses.set(key, value)
}

describe.each(httpApps)('in $name', (factory) => {
  it('what a newer response replaced is gone soon, whatever its windows', async () => {
    const { get, cache, clock } = setUp(factory, (_context, run) => `page ${run}`, {
      staleIfError: '1d',
    })
    for (const page of [1, 2, 3]) {
      await get().expect(`page ${page}`)
      clock.advance('1m')
    }
    const responses = cache.namespace('http-responses')
    expect(await responses.keysMatching('body:*')).toHaveLength(1)
    expect(await responses.keysMatching('record:*')).toHaveLength(1)
  })

  it('a body that the store has lost is made again', async () => {
    const store = memoryStore()
    const page: Handler = (_context, run) => `page ${run}`
    const [one, other] = [setUp(factory, page, own()), setUp(factory, page, own())]
    function own(): Options {
      return { cache: createCache({ store }), sessionCookies: [] }
    }
    await one.get().expect('page 1')
    expect(await other.cache.namespace('http-responses').deleteMatching('body:*')).toBe(1)
    await other.get().expect('page 1').expect('Cache-Status', /fwd=/)
    expect(other.runs()).toBe(1)
  })
})
