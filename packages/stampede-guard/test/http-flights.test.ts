import { request as httpRequest } from 'node:http'
import { Readable } from 'node:stream'
import { createCache } from '@sluice/core'
import { httpApps, waitUntil, type ListeningApp } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { cacheResponse as expressCache } from '../src/express.ts'
import { cacheResponse as koaCache } from '../src/koa.ts'
import { setUp, turns, type Handler } from './cached-app.ts'
import { createGate } from './fixtures.ts'

/** So many requests at a time; gives what came back. */
function askAll(listening: ListeningApp, count: number): Promise<Answer[]> {
  return Promise.all(askEach(listening, count))
}

interface Answer {
  readonly status: number
  readonly body: string
  /** Its Cache-Status. */
  readonly told: string
}

function askEach({ url }: ListeningApp, count: number): Promise<Answer>[] {
  return Array.from({ length: count }, async () => {
    const response = await fetch(`${url}/page`)
    const body = await response.text()
    return { status: response.status, body, told: response.headers.get('cache-status') ?? '' }
  })
}

describe.each(httpApps)('in $name', (factory) => {
  it('twenty who ask at once share one run of the handler', async () => {
    const gate = createGate<string>()
    const { app, arrived } = setUp(factory, gate.load)
    await using listening = await app.listen()
    const asked = askAll(listening, 20)
    await arrived(20)
    gate.open('page')
    const answers = await asked
    expect(gate.calls()).toBe(1)
    expect(answers.every(({ body, status }) => body === 'page' && status === 200)).toBe(true)
    const told = answers.map((answer) => answer.told).toSorted()
    expect(told[0]).toBe('sluice; fwd=uri-miss; collapsed')
    expect(told.at(-1)).toBe('sluice; fwd=uri-miss; stored')
  })

  it('a streamed response is shared, too', async () => {
    const gate = createGate<string>()
    const { app, arrived } = setUp(factory, async () => Readable.from([await gate.load(), '!']))
    await using listening = await app.listen()
    const asked = askAll(listening, 5)
    await arrived(5)
    gate.open('page')
    expect((await asked).map(({ body }) => body)).toEqual(Array(5).fill('page!'))
    expect(gate.calls()).toBe(1)
  })

  it('only so many wait; the others run the handler for themselves', async () => {
    const gate = createGate<string>()
    const { app, arrived } = setUp(factory, gate.load, { maxFollowers: 3 })
    await using listening = await app.listen()
    const asked = askAll(listening, 6)
    await arrived(6)
    expect(gate.calls()).toBe(3)
    gate.open('page')
    await asked
    expect(gate.calls()).toBe(3)
  })

  it('nobody waits for ever: after followerWait a request runs the handler for itself', async () => {
    const gates = [createGate<string>(), createGate<string>()]
    const { app, runs } = setUp(factory, (_context, run) => gates[run - 1]!.load(), {
      followerWait: '20ms',
    })
    await using listening = await app.listen()
    const asked = askEach(listening, 2)
    gates[1]!.open('second')
    expect((await Promise.race(asked)).body).toBe('second')
    gates[0]!.open('first')
    await Promise.all(asked)
    expect(runs()).toBe(2)
  })

  it('private pages are made side by side, from the second time on', async () => {
    let running = 0
    let most = 0
    const gate = createGate<string>()
    const { app, runs, clock, arrived } = setUp(
      factory,
      async ({ set }) => {
        most = Math.max(most, ++running)
        set('Cache-Control', 'private')
        await gate.load()
        running--
        return 'mine'
      },
      { uncacheableFor: '5s' },
    )
    await using listening = await app.listen()
    const first = askAll(listening, 4)
    await arrived(4)
    expect(running).toBe(1)
    gate.open('')
    await first
    expect(runs()).toBe(4)
    most = 0
    const slow = createGate<string>()
    Object.assign(gate, slow)
    const second = askAll(listening, 4)
    await arrived(8)
    expect(running).toBe(4)
    slow.open('')
    await second
    clock.advance('5s')
    Object.assign(gate, createGate<string>())
    const third = askAll(listening, 4)
    await arrived(12)
    expect(running).toBe(1)
    gate.open('')
    await third
  })

  it('those who wait go on as soon as the head says that the response is not for them', async () => {
    const end = createGate<string>()
    const { app, runs } = setUp(factory, async ({ raw: { res } }, run) => {
      res.writeHead(200, { 'Cache-Control': 'no-store' })
      res.write('begin')
      if (run === 1) await end.load()
      res.end('end')
    })
    await using listening = await app.listen()
    const asked = askEach(listening, 3)
    const done: string[] = []
    for (const answer of asked) void answer.then(({ body }) => done.push(body))
    await waitUntil(() => done.length === 2, { what: 'those who wait' })
    expect([done, runs()]).toEqual([['beginend', 'beginend'], 3])
    end.open('')
    await Promise.all(asked)
  })

  it('a URL that can be cached again is', async () => {
    const { get, runs } = setUp(factory, ({ set }, run) => {
      if (run === 1) set('Cache-Control', 'no-store')
      return `page ${run}`
    })
    await get().expect('page 1')
    await get().expect('page 2')
    await get().expect('page 2')
    expect(runs()).toBe(2)
  })

  it('a handler that fails is tried again by those who wait, and its answer is not kept', async () => {
    const { app, runs } = setUp(factory, async (_context, run) => {
      await turns()
      if (run === 1) throw new Error('the handler failed')
      return `page ${run}`
    })
    await using listening = await app.listen()
    const answers = await askAll(listening, 6)
    expect(answers.map(({ body }) => body).filter((body) => body === 'page 2')).toHaveLength(5)
    expect(answers.filter(({ status }) => status === 500)).toHaveLength(1)
    expect(runs()).toBe(2)
    expect(app.errors).toMatchObject([{ message: 'the handler failed' }])
  })

  it('a handler that goes on failing keeps nobody in line', async () => {
    const { app, runs } = setUp(factory, async () => {
      await turns(5)
      throw new Error('the handler failed')
    })
    await using listening = await app.listen()
    const answers = await askAll(listening, 8)
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(500))
    expect(runs()).toBe(8)
  })

  it('a client that goes away mid-way leaves nothing behind, and those who wait are served', async () => {
    const gate = createGate<string>()
    const handler: Handler = async ({ raw: { res } }, run) => {
      res.writeHead(200, { 'Content-Type': 'text/plain' })
      res.write(`begin ${run} `)
      if (run === 1) await gate.load()
      res.end('end')
    }
    const { app, runs, get, arrived } = setUp(factory, handler)
    await using listening = await app.listen()
    await leaveAfterFirstByte(listening)
    const waiting = askAll(listening, 3)
    await arrived(4)
    const answers = await waiting
    // The handler of the client that left goes on, and ends too late.
    gate.open('')
    await turns()
    expect(answers.map(({ body }) => body)).toEqual(Array(3).fill('begin 2 end'))
    await get('/page', { Host: new URL(listening.url).host }).expect('begin 2 end')
    expect(runs()).toBe(2)
  })

  it('of two caches on one way the first does the work, and waits for nothing', async () => {
    const cache = createCache()
    const { get } = setUp(factory, () => 'page', {
      before: {
        express: [expressCache({ cache, ttl: '1h' })],
        koa: [koaCache({ cache, ttl: '1h' })],
      },
      cache,
    })
    await get().expect('page')
    await get().expect('Cache-Status', /^sluice; hit; ttl=3[56]/)
  })
})

function leaveAfterFirstByte({ url }: ListeningApp): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(`${url}/page`, (response) => {
      response.once('data', () => {
        asked.destroy()
        resolve()
      })
      response.on('error', () => undefined)
    })
    asked.on('error', reject).end()
  })
}
