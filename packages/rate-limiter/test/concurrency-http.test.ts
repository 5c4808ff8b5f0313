import { once } from 'node:events'
import { get as httpGet, type ClientRequest, type ServerResponse } from 'node:http'
import { createCache } from '@sluice/core'
import { fromExpress, fromKoa } from '@sluice/core/http'
import { memoryStore } from '@sluice/core/memory'
import { flakyStore, manualFaults } from '@sluice/core/testing'
import { httpApps, type HttpAppFactory } from '@sluice/testkit'
import type { Request, RequestHandler } from 'express'
import type { Context, Middleware } from 'koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import {
  createConcurrencyGate,
  type LimitConcurrencyOptions,
} from '../src/concurrency/concurrency-gate.ts'
import { createConcurrencyLimiter } from '../src/concurrency/concurrency-limiter.ts'

type Options = Partial<LimitConcurrencyOptions<Request | Context>>

/**
 * An app of which each client may have two requests at once, and a view of its slots.
 *
 * @param turn what every request waits for before the limit sees it
 */
function setUp({ create }: HttpAppFactory, options: Options = {}, turn?: Promise<void>) {
  const faults = manualFaults()
  const cache = createCache({ store: flakyStore(memoryStore(), faults) })
  const settings = { cache, maxConcurrent: 2, ...options }
  const limiter = createConcurrencyLimiter({ cache, maxConcurrent: 2 })
  const waiting: (() => void)[] = []
  const seen = { arrived: 0, closed: 0, entered: 0, handled: 0 }
  const arrive = async (res: ServerResponse): Promise<void> => {
    seen.arrived++
    res.once('close', () => seen.closed++)
    await turn
  }
  const app = create({
    express: [(_req, res, next) => void arrive(res).then(() => next()), expressLimit(settings)],
    koa: [({ res }, next) => arrive(res).then(next), koaLimit(settings)],
    routes: {
      'GET /': () => {
        seen.entered++
        return 'hello'
      },
      'GET /slow': async () => {
        await new Promise<void>((resolve) => waiting.push(resolve))
        seen.handled++
        return 'done'
      },
      'GET /failing': () => {
        throw new Error('the handler failed')
      },
      'GET /streaming': ({ raw: { res } }) => {
        res.write('begun')
        waiting.push(() => res.end('ended'))
        return new Promise(() => undefined)
      },
    },
    trustProxy: true,
  })
  const inFlight = async (of = address) => (await limiter.inspect(of)).inFlight
  const get = (path = '/', ip = address) =>
    request(app.listener).get(path).set('X-Forwarded-For', ip)
  return { app, faults, get, inFlight, seen, waiting }
}

const address = '203.0.113.7'

/** Sends a request, and answers how to go away. */
function visit(url: string): { readonly client: ClientRequest; leave(): void } {
  const client = httpGet(url, { headers: { 'X-Forwarded-For': address } })
  // A client that leaves sees its own end as an error.
  client.on('error', () => undefined)
  return { client, leave: () => void client.destroy() }
}

function expressLimit(options: LimitConcurrencyOptions<Request | Context>): RequestHandler {
  const gate = createConcurrencyGate(options)
  return function limitConcurrency(req, res, next) {
    gate(fromExpress(req, res)).then((passes) => passes && next(), next)
  }
}

function koaLimit(options: LimitConcurrencyOptions<Request | Context>): Middleware {
  const gate = createConcurrencyGate(options)
  return async function limitConcurrency(ctx, next) {
    if (await gate(fromKoa(ctx))) await next()
  }
}

/** Sends a request and does not wait for its answer. */
function start(test: request.Test): Promise<request.Response> {
  return test.then((response) => response)
}

describe.each(httpApps)('a concurrency limit on $name', (factory) => {
  it('refuses what is beyond, and lets in again when a response is over', async () => {
    const { get, inFlight, waiting } = setUp(factory)
    const slow = [start(get('/slow')), start(get('/slow'))]
    await expect.poll(() => waiting.length).toBe(2)
    const refused = await get().expect(429)
    expect(refused.headers['retry-after']).toBe('1')
    expect(refused.body).toEqual({ error: 'Too many requests at once', retryAfter: 1 })
    await get('/', '203.0.113.8').expect(200)
    waiting[0]?.()
    await expect.poll(() => inFlight()).toBe(1)
    await get().expect(200, 'hello')
    waiting[1]?.()
    expect((await Promise.all(slow)).map(({ text }) => text)).toEqual(['done', 'done'])
    await expect.poll(() => inFlight()).toBe(0)
  })

  it('a slot is free again when the handler throws', async () => {
    const { get, inFlight } = setUp(factory)
    for (let i = 0; i < 3; i++) {
      await get('/failing').expect(500)
      await expect.poll(() => inFlight()).toBe(0)
    }
  })

  it('a slot is free again when the client goes away, though the handler goes on', async () => {
    const { app, inFlight, seen, waiting } = setUp(factory)
    await using server = await app.listen()
    const { leave } = visit(`${server.url}/slow`)
    await expect.poll(() => waiting.length).toBe(1)
    expect(await inFlight()).toBe(1)
    leave()
    await expect.poll(() => inFlight()).toBe(0)
    waiting[0]?.()
    await expect.poll(() => seen.handled).toBe(1)
    expect(await inFlight()).toBe(0)
  })

  it('a slot is held until the last byte of a response has left', async () => {
    const { app, inFlight, waiting } = setUp(factory)
    await using server = await app.listen()
    const { client, leave } = visit(`${server.url}/streaming`)
    await once(client, 'response')
    expect(await inFlight()).toBe(1)
    waiting[0]?.()
    await expect.poll(() => inFlight()).toBe(0)
    leave()
  })

  it('a client that goes away while the store is asked leaves no slot', async () => {
    const { app, faults, inFlight, seen } = setUp(factory, { deadline: '10s' })
    await using server = await app.listen()
    const letGo = faults.hold({ on: 'rate-limiter.enter' })
    const { leave } = visit(server.url)
    await expect.poll(() => faults.held).toBe(1)
    leave()
    await expect.poll(() => seen.closed).toBe(1)
    letGo()
    await expect.poll(() => seen.entered).toBe(1)
    await expect.poll(() => inFlight()).toBe(0)
  })

  it('a client that went away before its turn leaves no slot', async () => {
    let begin = (): void => undefined
    const turn = new Promise<void>((resolve) => (begin = resolve))
    const { app, inFlight, seen } = setUp(factory, {}, turn)
    await using server = await app.listen()
    const { leave } = visit(server.url)
    await expect.poll(() => seen.arrived).toBe(1)
    leave()
    await expect.poll(() => seen.closed).toBe(1)
    begin()
    await expect.poll(() => seen.entered).toBe(1)
    await expect.poll(() => inFlight()).toBe(0)
  })

  it('what is skipped takes no slot and asks no store', async () => {
    const { faults, get } = setUp(factory, { skip: ({ path }) => path === '/' })
    faults.fail({ times: Infinity })
    for (let i = 0; i < 4; i++) await get().expect(200)
  })

  it('counts by what the key function says', async () => {
    const { get, inFlight, waiting } = setUp(factory, { key: async () => 'everybody' })
    const slow = ['1', '2'].map((end) => start(get('/slow', `203.0.113.${end}`)))
    await expect.poll(() => waiting.length).toBe(2)
    expect(await inFlight('everybody')).toBe(2)
    await get('/', '203.0.113.3').expect(429)
    for (const finish of waiting) finish()
    await Promise.all(slow)
  })

  it('a key function that throws fails the request and takes no slot', async () => {
    const { app, get } = setUp(factory, {
      key: () => {
        throw new Error('no key')
      },
    })
    await get().expect(500)
    expect(app.errors).toMatchObject([{ message: 'no key' }])
  })

  it('while the store is away this process counts', async () => {
    const { faults, get, inFlight, waiting } = setUp(factory)
    faults.fail({ times: Infinity })
    const slow = [start(get('/slow')), start(get('/slow'))]
    await expect.poll(() => waiting.length).toBe(2)
    await get().expect(429)
    for (const finish of waiting) finish()
    await Promise.all(slow)
    await expect.poll(async () => (await get()).status).toBe(200)
    faults.heal()
    expect(await inFlight()).toBe(0)
  })

  it('while the store is away nobody is let in when told so, which is no fault of theirs', async () => {
    const { faults, get } = setUp(factory, { onStoreError: 'closed' })
    faults.fail()
    const refused = await get().expect(503)
    expect(refused.headers['retry-after']).toBe('1')
    expect(refused.body).toEqual({ error: 'Service unavailable', retryAfter: 1 })
    await get().expect(200)
  })

  it('while the store is away everybody is let in when told so', async () => {
    const { faults, get, waiting } = setUp(factory, { onStoreError: 'open' })
    faults.fail({ times: Infinity })
    const slow = [1, 2, 3].map(() => start(get('/slow')))
    await expect.poll(() => waiting.length).toBe(3)
    for (const finish of waiting) finish()
    await Promise.all(slow)
  })
})

it('refuses options that cannot be meant, by the name of the middleware', () => {
  const make = (options: object) => () => createConcurrencyGate({ maxConcurrent: 1, ...options })
  expect(make({ kye: () => 'a' })).toThrow('limitConcurrency() has no option "kye"')
  expect(make({ key: 'ip' })).toThrow('Expected "key" to be a function')
  expect(make({ skip: true })).toThrow('Expected "skip" to be a function')
  expect(make({ maxConcurrent: 0 })).toThrow('"maxConcurrent"')
})
