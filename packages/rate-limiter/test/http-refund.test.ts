import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { EventEmitter, once } from 'node:events'
import { get as openRequest } from 'node:http'
import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { flakyStore, manualFaults } from '@sluice/core/testing'
import { httpApps } from '@sluice/testkit'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createRateLimiter } from '../src/index.ts'
import { setUp, type AnyRequest, type Options } from './limited-app.ts'

type RefundOn = (status: number, request: AnyRequest) => boolean

const channel = 'sluice:rate-limiter:failure'
const failures: unknown[] = []
const note = (message: unknown): void => void failures.push(message)
afterEach(() => {
  unsubscribe(channel, note)
  failures.length = 0
})

describe.each(httpApps)('in $name', (factory) => {
  const limits = { name: 'refunds', limit: 5, window: '1m' } as const
  const open = (options: Options) => {
    const app = setUp(factory, { ...limits, ...options })
    const limiter = createRateLimiter({ ...limits, cache: options.cache ?? app.cache })
    return { ...app, left: async () => (await limiter.peek('127.0.0.1')).remaining }
  }

  it('the units of a request that ends well are given back, and those of others not', async () => {
    const { get, left } = open({ refundOn: (status) => status < 400, cost: 2 })
    const { headers } = await get('/status?of=401').expect(401)
    expect(headers['x-ratelimit-remaining']).toBe('3')
    // Meanwhile they are taken: nobody gets ahead by asking many times at once.
    expect((await get('/status?of=200').expect(200)).headers['x-ratelimit-remaining']).toBe('1')
    await vi.waitFor(async () => expect(await left()).toBe(3))
    await get('/status?of=404').expect(404)
    expect(await left()).toBe(1)
    await get('/status?of=200').expect(429)
    expect(await left()).toBe(1)
  })

  it('the function sees the request and the status that was sent, once', async () => {
    const refundOn = vi.fn<RefundOn>((_status, { path }) => path === '/')
    const { get, left } = open({ refundOn })
    await get('/failing').expect(500)
    await get('/').expect(200)
    await vi.waitFor(async () => expect(await left()).toBe(4))
    expect(refundOn.mock.calls.map(([status, { path }]) => [status, path])).toEqual([
      [500, '/failing'],
      [200, '/'],
    ])
  })

  it('a request that took nothing is not asked about', async () => {
    const refundOn = vi.fn<RefundOn>(() => true)
    const { get } = open({ refundOn, limit: 1, cost: (req) => Number(req.get('x-cost')) })
    await get('/', { 'x-cost': '0' }).expect(200)
    await get('/', { 'x-cost': '2' }).expect(429)
    await get('/', { 'x-cost': '1' }).expect(200)
    await vi.waitFor(() => expect(refundOn).toHaveBeenCalled())
    expect(refundOn).toHaveBeenCalledTimes(1)
  })

  it('a client that leaves before it is answered gets nothing back', async () => {
    const seen = new EventEmitter()
    const refundOn = vi.fn<RefundOn>(() => true)
    const { app, left } = open({
      refundOn,
      routes: {
        'GET /slow': async ({ raw }) => {
          const closed = once(raw.res, 'close')
          seen.emit('request')
          await closed
          seen.emit('closed')
        },
      },
    })
    await using server = await app.listen()
    const [reached, closed] = [once(seen, 'request'), once(seen, 'closed')]
    const leaving = openRequest(`${server.url}/slow`).on('error', () => undefined)
    await reached
    leaving.destroy()
    await closed
    expect(await left()).toBe(4)
    expect(refundOn).not.toHaveBeenCalled()
  })

  it('a function that throws gives nothing back, and harms nobody', async () => {
    subscribe(channel, note)
    const error = new Error('no idea')
    const { get, left } = open({
      refundOn: () => {
        throw error
      },
    })
    await get().expect(200)
    await vi.waitFor(() => expect(failures).not.toEqual([]))
    expect(failures).toEqual([{ verb: 'refundOn', instead: 'ignored', error }])
    expect(await left()).toBe(4)
  })

  it('a store that fails at giving back harms nobody', async () => {
    subscribe(channel, note)
    const faults = manualFaults()
    const cache = createCache({ store: flakyStore(memoryStore(), faults) })
    const { get, left } = open({ cache, refundOn: () => true, onStoreError: 'closed' })
    faults.fail({ on: 'rate-limiter.adjust', reason: 'disconnected' })
    await get().expect(200)
    await vi.waitFor(() => expect(failures).not.toEqual([]))
    expect(failures).toContainEqual(expect.objectContaining({ verb: 'refund' }))
    expect(await left()).toBe(4)
  })

  it('a cache that is closed meanwhile harms nobody', async () => {
    subscribe(channel, note)
    const cache = createCache()
    const close = () => cache.close()
    const { get, app } = open({ cache, refundOn: () => true, routes: { 'GET /close': close } })
    await get('/close').expect(204)
    await vi.waitFor(() => expect(failures).not.toEqual([]))
    expect(failures).toMatchObject([{ verb: 'refundOn', error: { code: 'SLUICE_STORE_CLOSED' } }])
    expect(app.errors).toEqual([])
  })
})
