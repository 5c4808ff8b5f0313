import { httpApps } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { setUp, type Options } from './cached-app.ts'
import { createGate } from './fixtures.ts'

describe.each(httpApps)('in $name', (factory) => {
  /** A page that is stale, with one request on its way to the handler for the next. */
  async function openStale(options: Options, cacheControl?: string) {
    const gate = createGate<string>()
    const app = setUp(
      factory,
      ({ set }, run) => {
        if (cacheControl !== undefined) set('Cache-Control', cacheControl)
        return run === 1 ? 'page 1' : gate.load()
      },
      options,
    )
    const listening = await app.app.listen()
    const ask = async () => {
      const response = await fetch(`${listening.url}/page`)
      return { body: await response.text(), told: response.headers.get('cache-status') }
    }
    await ask()
    return { ...app, ask, gate, [Symbol.asyncDispose]: listening.stop }
  }

  it('while one request makes the next page, the others get the stale one', async () => {
    await using app = await openStale({ staleWhileRevalidate: '30s' })
    app.clock.advance('70s')
    const renewing = app.ask()
    await app.arrived(2)
    expect(await app.ask()).toEqual({ body: 'page 1', told: 'sluice; hit; ttl=-10' })
    app.gate.open('page 2')
    expect(await renewing).toEqual({ body: 'page 2', told: 'sluice; fwd=stale; stored' })
    expect((await app.ask()).body).toBe('page 2')
    expect(app.runs()).toBe(2)
  })

  it('after its window nobody gets the stale page', async () => {
    await using app = await openStale({ staleWhileRevalidate: '30s' })
    app.clock.advance('90s')
    const asked = [app.ask(), app.ask()]
    await app.arrived(3)
    app.gate.open('page 2')
    expect((await Promise.all(asked)).map(({ body }) => body)).toEqual(['page 2', 'page 2'])
    expect(app.runs()).toBe(2)
  })

  it('a response says for how long it may be stale, and whether at all', async () => {
    const isServedStale = async (cacheControl: string) => {
      await using app = await openStale(
        { staleWhileRevalidate: '1h', staleIfError: '1h' },
        cacheControl,
      )
      app.clock.advance('15s')
      const asked = [app.ask(), app.ask()]
      await app.arrived(3)
      app.gate.open('page 2')
      return (await Promise.all(asked)).some(({ body }) => body === 'page 1')
    }
    expect(await isServedStale('max-age=10')).toBe(true)
    expect(await isServedStale('max-age=10, stale-while-revalidate=6')).toBe(true)
    expect(await isServedStale('max-age=10, stale-while-revalidate=5')).toBe(false)
    for (const forbidding of ['must-revalidate', 'proxy-revalidate', 's-maxage=10']) {
      const cacheControl = `max-age=10, ${forbidding}, stale-while-revalidate=60`
      expect([forbidding, await isServedStale(cacheControl)]).toEqual([forbidding, false])
    }
  })

  it('a stale page stands in for a handler that fails, and is tried again soon', async () => {
    const { get, runs, clock, app } = setUp(
      factory,
      ({ set, status }, run) => {
        if (run === 1) return 'good page'
        set('Retry-After', '120')
        if (run === 2) throw new Error('the source is down')
        status(503)
        return 'try later'
      },
      { staleIfError: '5m' },
    )
    await get().expect('good page')
    clock.advance('70s')
    const { headers } = await get().expect(200, 'good page')
    expect(headers).toMatchObject({
      age: '70',
      'cache-status': 'sluice; fwd=stale; fwd-status=500; detail=stale-if-error',
      'content-type': expect.stringContaining('text/plain'),
    })
    expect(headers).not.toHaveProperty('retry-after')
    expect(app.errors).toMatchObject([{ message: 'the source is down' }])
    await get().expect('good page').expect('Cache-Status', 'sluice; hit; ttl=-10')
    expect(runs()).toBe(2)
    clock.advance('1s')
    await get('/page', { 'if-none-match': String(headers['etag']) }).expect(304)
    expect(runs()).toBe(3)
    clock.advance('5m')
    await get().expect(503, 'try later')
  })

  it('nothing stands in where nothing may: other errors, other windows, must-revalidate', async () => {
    const afterFailure = async (options: Options, failure: number, cacheControl?: string) => {
      const { get, clock } = setUp(
        factory,
        ({ set, status }, run) => {
          if (run > 1) status(failure)
          if (cacheControl !== undefined) set('Cache-Control', cacheControl)
          return run === 1 ? 'good page' : 'bad page'
        },
        options,
      )
      await get().expect('good page')
      clock.advance('70s')
      return (await get()).text
    }
    const covering: Options = { staleIfError: '5m' }
    expect(await afterFailure(covering, 502)).toBe('good page')
    expect(await afterFailure(covering, 404)).toBe('bad page')
    expect(await afterFailure({}, 503)).toBe('bad page')
    expect(await afterFailure({ staleWhileRevalidate: '5m' }, 503)).toBe('bad page')
    expect(await afterFailure({}, 503, 'max-age=60, stale-if-error=60')).toBe('good page')
    expect(await afterFailure(covering, 503, 'max-age=60, must-revalidate')).toBe('bad page')
  })

  it('those who wait for a handler that fails get the stale page, too', async () => {
    await using app = await openStale({ staleIfError: '5m' })
    app.clock.advance('70s')
    const asked = [app.ask(), app.ask(), app.ask()]
    await app.arrived(4)
    app.gate.fail(new Error('the source is down'))
    expect((await Promise.all(asked)).map(({ body }) => body)).toEqual(Array(3).fill('page 1'))
    expect(app.runs()).toBe(2)
  })

  it('a client that is trusted may ask for what is stale', async () => {
    const { get, clock } = setUp(factory, (_context, run) => `page ${run}`, {
      trustRequestDirectives: true,
      staleIfError: '1h',
    })
    await get().expect('page 1')
    clock.advance('70s')
    await get('/page', { 'cache-control': 'max-stale=20' }).expect('page 1')
    await get('/page', { 'cache-control': 'max-stale' }).expect('page 1')
    await get('/page', { 'cache-control': 'max-stale=10' }).expect('page 2')
  })
})
