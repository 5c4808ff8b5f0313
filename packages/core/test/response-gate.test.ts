import { setImmediate as turn } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { fromExpress, fromKoa, type Exchange } from '@sluice/core/http'
import { httpApps, type HttpAppOptions } from '@sluice/testkit'
import type { RequestHandler } from 'express'
import type { Middleware } from 'koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'

type Use = (exchange: Exchange) => void

/** One middleware for both frameworks that sees the exchange and goes on. */
function using(...uses: readonly Use[]): Pick<HttpAppOptions, 'express' | 'koa'> {
  return {
    express: uses.map((use): RequestHandler => (req, res, next) => {
      use(fromExpress(req, res))
      next()
    }),
    koa: uses.map((use): Middleware => async (ctx, next) => {
      use(fromKoa(ctx))
      await next()
    }),
  }
}

describe.each(httpApps)('beforeHeaders on $name', (framework) => {
  const handlers: HttpAppOptions['routes'] = {
    'GET /text': () => 'text',
    'GET /json': () => ({ a: 1 }),
    'GET /away': (context) => context.redirect('/text'),
    'GET /stream': () => Readable.from(['one ', 'two ', 'x'.repeat(200_000)]),
    'GET /raw': async ({ raw: { res } }) => {
      res.writeHead(201, { 'X-Raw': 'yes' })
      res.write('a')
      await turn()
      res.write(Buffer.from('b'))
      res.end('c')
    },
    'GET /empty': (context) => context.status(204),
    'GET /flush': ({ raw: { res } }) => {
      res.flushHeaders()
      res.end('flushed')
    },
    'GET /throws': () => {
      throw new Error('broken')
    },
  }
  const paths = ['/text', '/json', '/away', '/stream', '/raw', '/empty', '/flush', '/throws']

  it.each(paths)(
    'GET %s: nothing leaves before the work is done, and all of it arrives',
    async (path) => {
      const order: string[] = []
      const plain = await request(framework.create({ routes: handlers }).listener).get(path)
      const app = framework.create({
        ...using((exchange) =>
          exchange.beforeHeaders(async () => {
            expect(exchange.headersSent).toBe(false)
            for (let turns = 0; turns < 20; turns++) await turn()
            expect(exchange.headersSent).toBe(false)
            exchange.setHeader('X-Hook', String(exchange.status))
            order.push('hook')
            return undefined
          }),
        ),
        routes: handlers,
      })
      const held = await request(app.listener).get(path)
      order.push('response')
      expect(order).toEqual(['hook', 'response'])
      expect(held.status).toBe(plain.status)
      expect(held.text).toBe(plain.text)
      expect(held.headers['x-hook']).toBe(String(plain.status))
      expect(held.headers['x-raw']).toBe(plain.headers['x-raw'])
    },
  )

  it.each(paths)('GET %s: an answer of the hook replaces the whole response', async (path) => {
    const app = framework.create({
      ...using((exchange) => {
        exchange.setHeader('Set-Cookie', 'id=1')
        exchange.beforeHeaders(async () => ({
          status: 503,
          headers: { 'Retry-After': '1' },
          body: { error: 'not saved' },
        }))
      }),
      routes: handlers,
    })
    const response = await request(app.listener).get(path)
    expect(response.status).toBe(503)
    expect(response.body).toEqual({ error: 'not saved' })
    expect(response.headers['retry-after']).toBe('1')
    expect(response.headers['set-cookie']).toBeUndefined()
    expect(response.headers['location']).toBeUndefined()
  })

  it.each([
    ['an object', { 'Set-Cookie': ['a=1', 'b=2'], 'X-Raw': 'yes' }],
    [
      'pairs',
      [
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['X-Raw', 'yes'],
      ],
    ],
    [
      'pairs with a list in one',
      [
        ['Set-Cookie', ['a=1', 'b=2']],
        ['X-Raw', 'yes'],
      ],
    ],
    ['a flat list with a list in it', ['Set-Cookie', ['a=1', 'b=2'], 'X-Raw', 'yes']],
    ['a flat list', ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Raw', 'yes']],
  ])(
    'a cookie set by a hook stands beside those that writeHead was given as %s',
    async (_, headers) => {
      const app = framework.create({
        ...using((exchange) =>
          exchange.beforeHeaders(() => {
            exchange.appendHeader('Set-Cookie', 'id=ours')
            return undefined
          }),
        ),
        routes: {
          'GET /head': ({ raw: { res } }) => {
            res.writeHead(201, 'Made', headers as never)
            res.end('made')
          },
        },
      })
      const response = await request(app.listener).get('/head').expect(201, 'made')
      expect(response.headers['set-cookie']).toEqual(['a=1', 'b=2', 'id=ours'])
      expect(response.headers['x-raw']).toBe('yes')
    },
  )

  it('hooks run from the last to the first, each once, and one that has nothing to wait for costs no wait', async () => {
    const ran: string[] = []
    const note =
      (name: string, wait: boolean): Use =>
      (exchange) =>
        exchange.beforeHeaders(() => {
          ran.push(name)
          return wait ? turn(undefined) : undefined
        })
    const app = framework.create({
      ...using(note('first', true), note('second', false), note('third', true)),
      routes: handlers,
    })
    await request(app.listener).get('/raw').expect(201)
    expect(ran).toEqual(['third', 'second', 'first'])
  })

  it.each([
    ['rejects', async () => Promise.reject(new Error('bug'))],
    [
      'throws',
      () => {
        throw new Error('bug')
      },
    ],
  ])('a hook that %s answers 500, and the others still run', async (_, hook) => {
    let saved = false
    const app = framework.create({
      ...using(
        (exchange) =>
          exchange.beforeHeaders(async () => {
            saved = true
            return undefined
          }),
        (exchange) => exchange.beforeHeaders(hook),
      ),
      routes: handlers,
    })
    const response = await request(app.listener).get('/text')
    expect(response.status).toBe(500)
    expect(response.text).not.toContain('text')
    expect(saved).toBe(true)
  })

  it('sees the request as the framework does, behind a proxy too', async () => {
    const seen: unknown[] = []
    const app = framework.create({
      ...using((exchange) => {
        const { method, url, path, ip, secure } = exchange
        seen.push({ method, url, path, ip, secure, two: exchange.header('X-Two') })
      }),
      routes: handlers,
      trustProxy: true,
    })
    await request(app.listener)
      .get('/text?q=1')
      .set('X-Forwarded-For', '203.0.113.9')
      .set('X-Forwarded-Proto', 'https')
      .set('X-Two', 'a')
    expect(seen).toEqual([
      { method: 'GET', url: '/text?q=1', path: '/text', ip: '203.0.113.9', secure: true, two: 'a' },
    ])
  })

  it('tells once when the response is over', async () => {
    let closed = 0
    const app = framework.create({
      ...using((exchange) => exchange.onClosed(() => closed++)),
      routes: handlers,
    })
    await request(app.listener).get('/text')
    await turn()
    expect(closed).toBe(1)
  })
})
