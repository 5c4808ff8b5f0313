import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { httpApps } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { setUp, type Handler } from './cached-app.ts'

describe.each(httpApps)('in $name', (factory) => {
  it('a second request gets the first one’s response, and the handler does not run', async () => {
    const { get, runs, clock } = setUp(factory, ({ set }, run) => {
      set('X-Kind', 'page')
      return `page ${run}`
    })
    const first = await get().expect(200, 'page 1')
    expect(first.headers['cache-status']).toBe('sluice; fwd=uri-miss; stored')
    expect(first.headers).not.toHaveProperty('age')
    clock.advance('5s')
    const second = await get().expect(200, 'page 1')
    expect(second.headers).toMatchObject({
      'cache-status': 'sluice; hit; ttl=55',
      age: '5',
      'x-kind': 'page',
      'content-type': first.headers['content-type'],
      'content-length': first.headers['content-length'],
      etag: first.headers['etag'],
    })
    expect(runs()).toBe(1)
  })

  it('after its ttl a response is made anew', async () => {
    const { get, clock } = setUp(factory, (_context, run) => `page ${run}`)
    await get().expect('page 1')
    clock.advance('59s')
    await get().expect('page 1')
    clock.advance('1s')
    await get().expect('page 2')
  })

  it('responses that say so themselves live as they say, and ttl does not count', async () => {
    const cases: [string, number][] = [
      ['max-age=10', 10],
      ['s-maxage=20, max-age=5', 20],
      ['public, MAX-AGE="30"', 30],
      ['max-age=10, proxy-revalidate', 10],
    ]
    for (const [cacheControl, seconds] of cases) {
      const { get, runs, clock } = setUp(factory, ({ set }) => {
        set('Cache-Control', cacheControl)
        return 'page'
      })
      await get().expect('Cache-Control', cacheControl)
      clock.advance((seconds - 1) * 1000)
      await get().expect('Cache-Control', cacheControl)
      expect(runs(), cacheControl).toBe(1)
      clock.advance('1s')
      await get()
      expect(runs(), cacheControl).toBe(2)
    }
  })

  it('Expires counts from Date, and a date that cannot be read is over', async () => {
    const at = (ms: number) => new Date(ms).toUTCString()
    const started = Date.UTC(2026, 0, 1)
    const expiring = setUp(factory, ({ set }) => {
      set('Date', at(started - 10_000))
      set('Expires', at(started + 20_000))
      return 'page'
    })
    await expiring.get()
    const { headers } = await expiring.get()
    expect(headers).toMatchObject({ age: '10', 'cache-status': 'sluice; hit; ttl=20' })
    expiring.clock.advance('20s')
    await expiring.get()
    expect(expiring.runs()).toBe(2)

    const zero = setUp(factory, ({ set }) => {
      set('Expires', '0')
      return 'page'
    })
    await zero.get()
    await zero.get()
    expect(zero.runs()).toBe(2)
  })

  it('an Age from further up counts', async () => {
    const { get, runs, clock } = setUp(factory, ({ set }) => {
      set('Cache-Control', 'max-age=60')
      set('Age', '50')
      return 'page'
    })
    await get()
    clock.advance('4s')
    await get().expect('Age', '54')
    clock.advance('6s')
    await get()
    expect(runs()).toBe(2)
  })

  it.each([
    'private',
    'no-store',
    'PRIVATE, max-age=60',
    'max-age=60, No-Store',
    'no-cache',
    'private="x-user", max-age=60',
    'max-age=60, no-cache="set-cookie"',
    'max-age=0',
    'max-age=ten',
    'max-age=60, max-age=10',
    'max-age=-1',
    'public',
    'ext="a, public", private, max-age=5',
  ])('a response with Cache-Control: %s is not kept', async (cacheControl) => {
    const { get, runs } = setUp(factory, ({ set }) => {
      set('Cache-Control', cacheControl)
      return 'page'
    })
    await get().expect('Cache-Status', 'sluice; fwd=uri-miss')
    await get().expect('Cache-Status', 'sluice; fwd=uri-miss')
    expect(runs()).toBe(2)
  })

  it.each([
    ['Set-Cookie', 'id=1'],
    ['Vary', '*'],
    ['Vary', 'Accept, Cookie'],
    ['Vary', 'authorization'],
    ['Pragma', 'no-cache'],
    ['Content-Range', 'bytes 0-3/9'],
  ])('a response with %s: %s is not kept', async (name, value) => {
    const { get, runs } = setUp(factory, ({ set }) => {
      set(name, value)
      return 'page'
    })
    await get()
    await get()
    expect(runs()).toBe(2)
  })

  it('statuses that may be kept without being asked for are, others only when they say for how long', async () => {
    const kept = async (of: number, cacheControl?: string) => {
      const { get, runs } = setUp(factory, ({ status, set }) => {
        status(of)
        if (cacheControl !== undefined) set('Cache-Control', cacheControl)
        return of === 204 ? undefined : 'page'
      })
      await get().expect(of)
      await get().expect(of)
      return runs() === 1
    }
    for (const status of [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]) {
      expect([status, await kept(status)]).toEqual([status, true])
    }
    for (const status of [201, 302, 303, 307, 400, 401, 403, 418, 429, 500, 503]) {
      expect([status, await kept(status)]).toEqual([status, false])
    }
    expect(await kept(302, 'max-age=60')).toBe(true)
    expect(await kept(403, 'max-age=60')).toBe(false)
    expect(await kept(500, 'max-age=60')).toBe(false)
  })

  describe('bodies come back byte for byte', () => {
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * 7919) % 256))
    const makers: Record<string, Handler> = {
      'of a buffer': () => bytes,
      'of a stream': () => Readable.from([bytes.subarray(0, 10), bytes.subarray(10)]),
      'of JSON': () => ({ title: 'Käse', price: 3.5 }),
      'that are empty': ({ status }) => {
        status(200)
        return ''
      },
      'that are compressed': ({ set }) => {
        set('Content-Encoding', 'gzip')
        set('Vary', 'Accept-Encoding')
        return gzipSync(bytes)
      },
      'of many writes in several encodings, into one buffer used again': async ({
        raw: { res },
      }) => {
        const piece = Buffer.alloc(4)
        res.writeHead(200, { 'Content-Type': 'application/octet-stream' })
        res.write('aGVsbG8=', 'base64')
        res.write('c3a4', 'hex')
        res.write('ä', 'latin1')
        for (const at of [0, 4, 8]) {
          bytes.copy(piece, 0, at)
          await new Promise((resolve) => res.write(piece, resolve))
        }
        res.end('ende')
      },
      'with headers given to writeHead as a list': ({ raw: { res } }) => {
        res.writeHead(200, ['Content-Type', 'text/plain', 'X-Line', 'one', 'X-Line', 'two'])
        res.end('page')
      },
    }
    it.each(Object.keys(makers))('%s', async (name) => {
      const { get, runs } = setUp(factory, (context, run) => makers[name]!(context, run))
      const bodyOf = () => get().buffer(true).parse(parseBytes)
      const first = await bodyOf()
      const second = await bodyOf()
      expect(runs()).toBe(1)
      expect(Buffer.compare(first.body, second.body)).toBe(0)
      expect(second.headers['content-type']).toBe(first.headers['content-type'])
      expect(second.headers['content-encoding']).toBe(first.headers['content-encoding'])
      expect(second.headers['x-line']).toBe(first.headers['x-line'])
      const isWeak = String(second.headers['etag']).startsWith('W/')
      expect(isWeak).toBe(name === 'that are compressed')
    })
  })

  it('a body above maxBody is sent and not kept', async () => {
    for (const body of ['x'.repeat(101), () => Readable.from(['x'.repeat(60), 'x'.repeat(41)])]) {
      const { get, runs } = setUp(factory, () => (typeof body === 'string' ? body : body()), {
        maxBody: 100,
      })
      expect((await get().buffer(true).parse(parseBytes)).body).toHaveLength(101)
      await get()
      expect(runs()).toBe(2)
    }
  })

  it('a response that is shorter than it announced is not kept', async () => {
    const { app, runs } = setUp(factory, ({ raw: { res } }) => {
      res.writeHead(200, { 'Content-Length': '100' })
      res.end('short')
    })
    await using listening = await app.listen()
    for (let i = 0; i < 2; i++) {
      await fetch(`${listening.url}/page`, { headers: { connection: 'close' } })
        .then((response) => {
          void response.body?.cancel()
        })
        .catch(() => undefined)
    }
    expect(runs()).toBe(2)
  })

  it('headers of one connection, request or client are not kept', async () => {
    const { get } = setUp(factory, ({ set }, run) => {
      if (run === 1) {
        set('Connection', 'close, X-Hop')
        for (const name of ['X-Hop', 'Keep-Alive', 'Proxy-Authenticate', 'X-Request-Id'])
          set(name, 'a')
        for (const name of ['RateLimit', 'X-RateLimit-Remaining', 'Retry-After']) set(name, '1')
        set('Access-Control-Allow-Origin', 'https://one.example')
      }
      return 'page'
    })
    await get()
    const { headers } = await get().expect('Cache-Status', /hit/)
    const gone = ['x-hop', 'proxy-authenticate', 'x-request-id', 'ratelimit', 'retry-after']
    for (const name of [...gone, 'x-ratelimit-remaining', 'access-control-allow-origin']) {
      expect(headers).not.toHaveProperty(name)
    }
  })

  it('what other middleware sets is set anew for every request', async () => {
    let requests = 0
    const { get } = setUp(factory, () => 'page', {
      before: {
        express: [
          (_req, res, next) => {
            res.set({ 'X-Count': String(++requests), Vary: 'Origin' })
            next()
          },
        ],
        koa: [
          (ctx, next) => {
            ctx.set({ 'X-Count': String(++requests), Vary: 'Origin' })
            return next()
          },
        ],
      },
    })
    await get().expect('X-Count', '1')
    const { headers } = await get().expect('Cache-Status', /hit/)
    expect(headers).toMatchObject({ 'x-count': '2', vary: 'Origin' })
  })
})

/** For supertest: the body as bytes, whatever its type. */
function parseBytes(
  res: { on(event: string, listener: (chunk: Buffer) => void): void },
  done: (error: Error | null, body: Buffer) => void,
): void {
  const chunks: Buffer[] = []
  res.on('data', (chunk) => chunks.push(Buffer.from(chunk)))
  res.on('end', () => done(null, Buffer.concat(chunks)))
}
