import { once } from 'node:events'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fromExpress } from '@sluice/core/http'
import { httpApps, type HttpAppFactory, type RouteHandler } from '@sluice/testkit'
import type { Request, RequestHandler } from 'express'
import type { Context } from 'koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { assertLocked, currentLock } from '../src/current-lock.ts'
import { lockRequest as expressLock } from '../src/express.ts'
import { createLockGate, type LockRequestOptions } from '../src/http/lock-gate.ts'
import { lockRequest as koaLock } from '../src/koa.ts'
import type { Lock, Locks } from '../src/index.ts'
import { fixture } from './fixture.ts'

type Options = Partial<LockRequestOptions<Request | Context>>

const name = 'order:7'

const isHeld = async (locks: Locks): Promise<boolean> => (await locks.inspect(name)).held

/** An app of which one request at a time may be in, and a view of what happens in it. */
function setUp({ create }: HttpAppFactory, options: Options = {}) {
  const fix = fixture()
  const settings = { locks: fix.locks, key: () => name, ...options }
  const waiting: (() => void)[] = []
  const seen: (Lock | undefined)[] = []
  const over = { closed: 0, handled: 0 }
  const wait = (): Promise<void> => new Promise((resolve) => waiting.push(resolve))
  const app = create({
    express: [watch(() => over.closed++), expressLock(settings)],
    koa: [
      async ({ res }, next) => {
        res.once('close', () => over.closed++)
        await next()
      },
      koaLock(settings),
    ],
    routes: {
      'GET /': () => 'hello',
      'GET /slow': async ({ request: framework }) => {
        seen.push(lockOf(framework))
        await wait()
        over.handled++
        return 'done'
      },
      'GET /locked': ({ request: framework }) => {
        assertLocked(name)
        const lock = lockOf(framework)
        lock?.assertHeld()
        return { isCurrent: currentLock() === lock, fence: typeof lock?.fence }
      },
      'GET /failing': () => {
        throw new Error('the handler failed')
      },
      'GET /streaming': () => {
        const body = new PassThrough()
        body.write('begun')
        waiting.push(() => body.end('ended'))
        return body
      },
    },
  })
  const get = (path = '/') => request(app.listener).get(path)
  /** Sends a request, and waits until it is in the handler. */
  const enter = async (path = '/slow') => {
    const before = waiting.length
    const response = get(path).then((answer) => answer)
    await expect.poll(() => waiting.length).toBe(before + 1)
    return { response, finish: () => waiting[before]?.() }
  }
  return { ...fix, app, get, enter, over, seen, waiting }
}

const watch =
  (closed: () => void): RequestHandler =>
  (_req, res, next) => {
    res.once('close', closed)
    next()
  }

const lockOf: (framework: Parameters<RouteHandler>[0]['request']) => Lock | undefined = (
  framework,
) => ('state' in framework ? framework.state.lock : framework.lock)

/** A client that can go away. */
function visit(url: string) {
  const client = httpGet(url)
  // A client that leaves sees its own end as an error.
  client.on('error', () => undefined)
  return client
}

describe.each(httpApps)('a locked request in $name', (factory) => {
  it('excludes another one of its key, until its response is over', async () => {
    const { get, enter, locks } = setUp(factory)
    const slow = await enter()
    const refused = await get().expect(409)
    expect(refused.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'retry-after': '1',
    })
    expect(refused.body).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'Another request that excludes this one is in progress',
      retryAfter: 1,
    })
    slow.finish()
    expect((await slow.response).text).toBe('done')
    await expect.poll(() => isHeld(locks)).toBe(false)
    await get().expect(200, 'hello')
  })

  it('is refused as locked where that is wanted', async () => {
    const { get, enter } = setUp(factory, { status: 423 })
    const slow = await enter()
    const { body } = await get().expect(423)
    expect(body).toMatchObject({ title: 'Locked', status: 423 })
    slow.finish()
    await slow.response
  })

  it('waits for the one before where that is wanted', async () => {
    const { get, enter, calls, time } = setUp(factory, { onBusy: 'wait' })
    const slow = await enter()
    const asked = calls.length
    const second = get().then((answer) => answer.text)
    await expect.poll(() => calls.length).toBeGreaterThan(asked)
    slow.finish()
    await slow.response
    await expect.poll(() => calls.includes('release')).toBe(true)
    await time.advance(1000)
    expect(await second).toBe('hello')
  })

  it('waits for as long as it was told, and is then refused', async () => {
    const { get, enter, calls, time } = setUp(factory, { onBusy: 'wait', wait: '2s' })
    const slow = await enter()
    const asked = calls.length
    const second = get().then(({ status }) => status)
    await expect.poll(() => calls.length).toBeGreaterThan(asked)
    await time.advance(2000)
    expect(await second).toBe(409)
    slow.finish()
    await slow.response
  })

  it('excludes none of another key, which may be found out later', async () => {
    const { get, enter } = setUp(factory, {
      key: async (context) => (context.path === '/slow' ? name : 'order:8'),
    })
    const slow = await enter()
    await get().expect(200)
    slow.finish()
    await slow.response
  })

  it('is skipped without asking the store', async () => {
    const { get, calls } = setUp(factory, { skip: async ({ path }) => path === '/' })
    await get().expect(200)
    expect(calls).toEqual([])
  })

  it('has its lock at hand, and as the current one', async () => {
    const { get } = setUp(factory)
    const { body } = await get('/locked').expect(200)
    expect(body).toEqual({ isCurrent: true, fence: 'number' })
  })

  it('gives the lock back when the handler throws', async () => {
    const { app, get, locks } = setUp(factory)
    await get('/failing').expect(500)
    expect(app.errors).toMatchObject([{ message: 'the handler failed' }])
    await expect.poll(() => isHeld(locks)).toBe(false)
  })

  it('keeps the lock until the last byte of a response has left', async () => {
    const { app, locks, waiting } = setUp(factory)
    await using server = await app.listen()
    const client = visit(`${server.url}/streaming`)
    const [response]: IncomingMessage[] = await once(client, 'response')
    expect(await isHeld(locks)).toBe(true)
    waiting[0]?.()
    expect(response && (await text(response))).toBe('begunended')
    await expect.poll(() => isHeld(locks)).toBe(false)
  })

  it('keeps the lock while its handler runs, though the client went away', async () => {
    const { app, locks, over, waiting } = setUp(factory)
    await using server = await app.listen()
    const client = visit(`${server.url}/slow`)
    await expect.poll(() => waiting.length).toBe(1)
    client.destroy()
    await expect.poll(() => over.closed).toBe(1)
    expect(await isHeld(locks)).toBe(true)
    waiting[0]?.()
    await expect.poll(() => isHeld(locks)).toBe(false)
    expect(over.handled).toBe(1)
  })

  it('waits no longer when its client goes away, and its handler does not run', async () => {
    const { app, calls, enter, locks, over, time, waiting } = setUp(factory, { onBusy: 'wait' })
    await using server = await app.listen()
    const slow = await enter()
    const asked = calls.length
    const client = visit(`${server.url}/slow`)
    await expect.poll(() => calls.length).toBeGreaterThan(asked)
    client.destroy()
    await expect.poll(() => over.closed).toBe(1)
    slow.finish()
    await slow.response
    await expect.poll(() => isHeld(locks)).toBe(false)
    await time.advance(5000)
    expect(waiting.length).toBe(1)
    expect(app.errors).toEqual([])
  })

  it('is told by the lock’s signal when the lease is lost', async () => {
    const { enter, seen, time, failAlways } = setUp(factory)
    const slow = await enter()
    failAlways('extend', 'lost-request')
    await time.advance(30_000)
    expect(seen[0]?.signal.reason).toMatchObject({ code: 'SLUICE_LOCK_LOST' })
    slow.finish()
    await slow.response
  })

  it('is refused with 503 while the store does not answer', async () => {
    const { failAlways, get } = setUp(factory)
    failAlways('acquire', 'lost-request')
    const { body, headers } = await get().expect(503)
    expect(headers).toMatchObject({
      'content-type': 'application/problem+json',
      'retry-after': '1',
    })
    expect(body).toMatchObject({ title: 'Service Unavailable', status: 503 })
  })

  it('fails when its key cannot be made, and takes no lock', async () => {
    const { app, get, calls } = setUp(factory, {
      key: ({ path }) => {
        if (path === '/') return ''
        throw new Error('no key')
      },
    })
    await get('/locked').expect(500)
    await get('/').expect(400)
    expect(app.errors).toMatchObject([{ message: 'no key' }, { code: 'SLUICE_KEY' }])
    expect(calls).toEqual([])
  })
})

describe('an Express handler that never answers a client that went away', () => {
  it('has the lock for as long as its lease lasted then, and no longer', async () => {
    const fix = fixture()
    const seen = { entered: 0, closed: 0 }
    const gate = createLockGate<Request>(fix.time, { locks: fix.locks, key: name })
    const hang: RequestHandler = (req, res) => {
      res.once('close', () => seen.closed++)
      void gate(fromExpress(req, res)).then((pass) => pass?.run(() => void seen.entered++))
    }
    for (const { framework, create } of httpApps) {
      if (framework !== 'express') continue
      await using server = await create({ express: [hang], routes: {} }).listen()
      const client = visit(server.url)
      await expect.poll(() => seen.entered).toBe(1)
      client.destroy()
      await expect.poll(() => seen.closed).toBe(1)
      await fix.time.advance(27_000)
      expect(await isHeld(fix.locks)).toBe(true)
      await fix.time.advance(3000)
      expect(await isHeld(fix.locks)).toBe(false)
      Object.assign(seen, { entered: 0, closed: 0 })
    }
    expect(fix.time.timers()).toBe(0)
  })
})

it('options that cannot be meant are refused, by the name of the middleware', () => {
  const { time, locks } = fixture()
  const make = (options: object) => () => createLockGate(time, { locks, key: name, ...options })
  expect(make({ kye: name })).toThrow('lockRequest() has no option "kye"')
  expect(make({ locks: undefined })).toThrow('"locks"')
  expect(make({ key: undefined })).toThrow('"key"')
  expect(make({ status: 429 })).toThrow('"status"')
  expect(make({ onBusy: 'skip' })).toThrow('"onBusy"')
  expect(make({ wait: '1s' })).toThrow('"onBusy"')
  expect(make({ onBusy: 'wait', wait: 'long' })).toThrow('"wait"')
  expect(make({ ttl: 1 })).toThrow('"ttl"')
  expect(make({ skip: true })).toThrow('"skip"')
})
