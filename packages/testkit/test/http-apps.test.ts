import { Readable } from 'node:stream'
import { httpApps } from '@sluice/testkit'
import type { HttpAppOptions } from '@sluice/testkit'
import type { RequestHandler } from 'express'
import type { Middleware } from 'koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'

const options: HttpAppOptions = {
  routes: {
    'GET /text': () => '<hello>',
    'GET /json': () => ({ hello: 'world' }),
    'GET /buffer': ({ set }) => {
      set('content-type', 'application/octet-stream')
      return Buffer.from('bytes')
    },
    'GET /stream': ({ set }) => {
      set('content-type', 'text/csv')
      return Readable.from(['a,', 'b'])
    },
    'GET /nothing': () => {},
    'GET /status-only': ({ status }) => status(202),
    'GET /raw': ({ raw }) => void raw.res.writeHead(299).end('by hand'),
    'GET /away': ({ redirect }) => redirect('/text'),
    'POST /echo': ({ body, header, query, status, set }) => {
      status(201)
      set('x-answer', '42')
      return { body, header: header('X-Asked'), query: query.get('q') }
    },
    'GET /boom': () => {
      throw Object.assign(new Error('boom'), { status: 503 })
    },
    'GET /bug': async () => {
      await Promise.resolve()
      throw new Error('bug')
    },
    'GET /ip': ({ request: { ip } }) => ip ?? 'none',
  },
}

const tagExpress: RequestHandler = function tag(_req, res, next) {
  res.set('x-tag', 'on')
  next()
}
const tagKoa: Middleware = async function tag(ctx, next) {
  ctx.set('x-tag', 'on')
  await next()
}
const failExpress: RequestHandler = (_req, _res, next) => {
  next(Object.assign(new Error('no'), { status: 418 }))
}
const failKoa: Middleware = () => {
  throw Object.assign(new Error('no'), { status: 418 })
}

describe.each(httpApps)('$name', ({ create }) => {
  it('sends text, objects, buffers and streams as what they are', async () => {
    const { listener } = create(options)
    await request(listener)
      .get('/text')
      .expect(200, '<hello>')
      .expect('content-type', 'text/plain; charset=utf-8')
    await request(listener).get('/json').expect(200, { hello: 'world' })
    await request(listener).get('/json').expect('content-type', 'application/json; charset=utf-8')
    await request(listener).get('/buffer').expect(200, Buffer.from('bytes'))
    await request(listener)
      .get('/stream')
      .expect(200, 'a,b')
      .expect('content-type', /^text\/csv/)
  })

  it('sends 204 for nothing, unless the handler chose a status or answered by itself', async () => {
    const { listener } = create(options)
    await request(listener).get('/nothing').expect(204, '')
    await request(listener).get('/status-only').expect(202, '')
    await request(listener).get('/raw').expect(299, 'by hand')
  })

  it('hands over body, header and query, and takes status and header', async () => {
    const { listener } = create(options)
    await request(listener)
      .post('/echo?q=1')
      .set('x-asked', 'yes')
      .send({ a: [1] })
      .expect(201, { body: { a: [1] }, header: 'yes', query: '1' })
      .expect('x-answer', '42')
  })

  it('redirects, answers HEAD as GET without a body, and knows no other path or method', async () => {
    const { listener } = create(options)
    await request(listener).get('/away').expect(302).expect('location', '/text')
    const head = await request(listener).head('/text').expect(200)
    expect(head.headers['content-length']).toBe('7')
    expect(head.text).toBeUndefined()
    await request(listener).get('/echo').expect(404)
    await request(listener).get('/Text').expect(404)
    await request(listener).get('/text/').expect(404)
  })

  it("gives errors the framework's own answer, and records them", async () => {
    const app = create(options)
    await request(app.listener).get('/boom').expect(503)
    await request(app.listener).get('/bug').expect(500)
    await request(app.listener).post('/echo').type('json').send('{').expect(400)
    expect(app.errors.map((error) => String(error))).toEqual([
      'Error: boom',
      'Error: bug',
      'Error: The body is not JSON',
    ])
  })

  it('uses middleware before every route, and the errors of middleware too', async () => {
    const tagged = create({ ...options, express: [tagExpress], koa: [tagKoa] })
    await request(tagged.listener).get('/text').expect('x-tag', 'on')
    const failing = create({ ...options, express: [failExpress], koa: [failKoa] })
    await request(failing.listener).get('/text').expect(418)
    expect(failing.errors).toHaveLength(1)
  })

  it('uses the middleware of one route on that route alone', async () => {
    const { listener } = create({
      routes: {
        'GET /guarded': { express: [tagExpress], koa: [tagKoa], handle: () => 'a' },
        'POST /guarded': () => 'b',
      },
    })
    await request(listener).get('/guarded').expect('x-tag', 'on').expect(200, 'a')
    const other = await request(listener).post('/guarded').expect(200, 'b')
    expect(other.headers['x-tag']).toBeUndefined()
  })

  it('believes a proxy only when told so', async () => {
    const ask = (trustProxy: boolean) =>
      request(create({ ...options, trustProxy }).listener)
        .get('/ip')
        .set('x-forwarded-for', '203.0.113.7')
    await ask(true).expect(200, '203.0.113.7')
    expect((await ask(false)).text).toMatch(/127\.0\.0\.1$/)
  })

  it('listens for many requests at a time, and stops with connections open', async () => {
    const app = await create(options).listen()
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => (await fetch(`${app.url}/text`)).text()),
    )
    expect(new Set(answers)).toEqual(new Set(['<hello>']))
    await app.stop()
    await app.stop()
    await expect(fetch(`${app.url}/text`)).rejects.toThrow('fetch failed')
  })

  it('refuses a route that does not read as method and path', () => {
    expect(() => create({ routes: { '/text': () => 'x' } })).toThrow(/'GET \/cart'.*"\/text"/)
  })
})
