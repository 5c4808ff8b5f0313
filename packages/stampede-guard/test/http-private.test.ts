import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createCache } from '@sluice/core'
import { httpApps, type HttpAppFactory, type RouteContext } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { setUp, type Options } from './cached-app.ts'

/** A page that shows all it can find out about who asks, and says nothing of it to caches. */
const mirror = ({ raw: { req }, request }: RouteContext): object => ({
  url: req.url,
  method: req.method,
  hostname: request.hostname,
  secure: request.secure,
  ...Object.fromEntries(
    Object.entries(req.headers).filter(
      ([name]) => !['connection', 'accept-encoding'].includes(name),
    ),
  ),
})

interface Ask {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** Two who ask, alike but for what tells them apart. */
const tricks: Record<string, readonly [alice: Ask, bob: Ask]> = {
  'by cookie': [{ headers: { cookie: 'sid=alice' } }, { headers: { cookie: 'sid=bob' } }],
  'by a cookie that only one has': [{ headers: { cookie: 'token=alice' } }, {}],
  'by cookie, the second one': [{}, { headers: { Cookie: 'anything=bob' } }],
  'by Authorization': [
    { headers: { authorization: 'Bearer alice' } },
    { headers: { AUTHORIZATION: 'Bearer bob' } },
  ],
  'by Authorization that only one has': [{ headers: { authorization: 'Basic YTpi' } }, {}],
  'by Authorization, the second one': [{}, { headers: { authorization: 'Basic YTpi' } }],
  'by an API key': [{ headers: { 'x-api-key': 'alice' } }, { headers: { 'x-api-key': 'bob' } }],
  'by a key that a proxy adds': [{ headers: { 'x-forwarded-user': 'alice' } }, {}],
  'by query': [{ path: '/page?user=alice' }, { path: '/page?user=bob' }],
  'by an empty query': [{ path: '/page?' }, { path: '/page?user=bob' }],
  'by the order of a query': [{ path: '/page?a=1&a=2' }, { path: '/page?a=2&a=1' }],
  'by the case of a query': [{ path: '/page?user=bob' }, { path: '/page?USER=bob' }],
  'by an encoded query': [{ path: '/page?user=bob' }, { path: '/page?us%65r=bob' }],
  'by host': [{ headers: { host: 'alice.example' } }, { headers: { host: 'bob.example' } }],
  'by port': [{ headers: { host: 'a.example:1' } }, { headers: { host: 'a.example:2' } }],
  'by X-Forwarded-Host': [{ headers: { 'x-forwarded-host': 'evil.example' } }, {}],
  'by X-Forwarded-Proto': [{ headers: { 'x-forwarded-proto': 'https' } }, {}],
  'by X-Forwarded-Prefix': [{ headers: { 'x-forwarded-prefix': '/evil' } }, {}],
  'by Forwarded': [{ headers: { forwarded: 'for=1.2.3.4;host=evil.example' } }, {}],
  'by X-Original-URL': [{ headers: { 'x-original-url': '/admin' } }, {}],
  'by X-HTTP-Method-Override': [{ headers: { 'x-http-method-override': 'DELETE' } }, {}],
  'by method': [{ method: 'POST' }, {}],
  'by method, the second one': [{}, { method: 'POST' }],
  'by an unknown method': [{}, { method: 'PURGE' }],
  'by OPTIONS': [{ method: 'OPTIONS' }, {}],
  'by a GET with a body': [{ body: 'user=alice' }, {}],
  'by a GET with a body, the second one': [{}, { body: 'user=bob' }],
  'by an empty chunked body': [{ headers: { 'transfer-encoding': 'chunked' } }, {}],
  'by path': [{ path: '/page' }, { path: '/pag' }],
  'by the case of the path': [{ path: '/page' }, { path: '/PAGE' }],
  'by a slash at the end': [{ path: '/page' }, { path: '/page/' }],
  'by two slashes': [{ path: '/page' }, { path: '//page' }],
  'by an encoded path': [{ path: '/page' }, { path: '/p%61ge' }],
  'by an encoded slash': [{ path: '/page/x' }, { path: '/page%2Fx' }],
  'by dots': [{ path: '/page' }, { path: '/x/../page' }],
  'by a suffix that looks static': [{ path: '/page' }, { path: '/page;x.css' }],
  'by an encoded question mark': [{ path: '/page?a' }, { path: '/page%3Fa' }],
  'by an encoded line feed': [{ path: '/page' }, { path: '/page%0A' }],
  'by a whole URL': [{ path: 'http://evil.example/page' }, { path: '/page' }],
}

describe.each(httpApps)('with no option but ttl, in $name', (factory) => {
  it.each(Object.entries(tricks))('no one gets another’s page %s', async (name, [alice, bob]) => {
    for (const trustProxy of /host|forward/i.test(name) ? [false, true] : [false]) {
      await using app = await open(factory, { trustProxy })
      const [first, second] = [await app.ask(alice), await app.ask(bob)]
      await using untouched = await open(factory, { trustProxy })
      // What Bob would have been told had Alice never asked.
      expect(second.body).toBe((await untouched.ask(bob)).body)
      // And asked again, whoever was first.
      expect((await app.ask(alice)).body).toBe(first.body)
      expect((await app.ask(bob)).body).toBe(second.body)
    }
  })

  it('a page is shared by those whom nothing tells apart', async () => {
    await using app = await open(factory, {})
    await app.ask({})
    expect((await app.ask({ headers: { 'user-agent': 'other' } })).cacheStatus).toMatch(/hit/)
  })

  it('who is signed in, by whatever means, neither fills the cache nor reads from it', async () => {
    let user: string | undefined
    const { get, runs } = setUp(factory, () => `hello ${user ?? 'stranger'}`, {
      before: {
        express: [
          (req, _res, next) => {
            Object.assign(req, user && { user })
            next()
          },
        ],
        koa: [(ctx, next) => (Object.assign(ctx.state, user && { user }), next())],
      },
    })
    user = 'alice'
    await get().expect('hello alice')
    user = undefined
    await get().expect('hello stranger')
    user = 'bob'
    await get().expect('hello bob')
    expect(runs()).toBe(3)
  })

  it('a cookie that middleware sets later keeps the page out, too', async () => {
    let requests = 0
    const { get } = setUp(factory, (_context, run) => `cart of visitor ${run}`, {
      before: {
        express: [
          (_req, res, next) => {
            const end = res.end.bind(res)
            res.end = (...args: never[]) => {
              res.setHeader('Set-Cookie', `sid=${++requests}`)
              return end(...args)
            }
            next()
          },
        ],
        koa: [
          async (ctx, next) => {
            await next()
            ctx.set('Set-Cookie', `sid=${++requests}`)
          },
        ],
      },
    })
    await get().expect('cart of visitor 1')
    await get().expect('cart of visitor 2').expect('Set-Cookie', 'sid=2')
  })
})

describe.each(httpApps)('in $name', (factory) => {
  it('named session cookies alone make a request one of a session', async () => {
    const { get } = setUp(factory, (_context, run) => `page ${run}`, { sessionCookies: ['sid'] })
    await get('/page', { cookie: '_ga=1' }).expect('page 1')
    await get('/page', { cookie: '_ga=2; x=y' }).expect('page 1')
    await get('/page', { cookie: '_ga=2; sid=bob' })
      .expect('page 2')
      .expect('Cache-Status', 'sluice; fwd=bypass')
    await get().expect('page 1')
  })

  it('a function says which requests are of a session', async () => {
    const { get } = setUp(factory, (_context, run) => `page ${run}`, {
      sessionCookies: (req) => req.get('x-member') === 'yes',
    })
    await get('/page', { cookie: 'any=1' }).expect('page 1')
    await get().expect('page 1')
    await get('/page', { 'x-member': 'yes' }).expect('page 2')
  })

  it.each(['public, max-age=60', 's-maxage=60', 'max-age=60, must-revalidate'])(
    'a request with Authorization fills and reads the cache where the response says %s',
    async (cacheControl) => {
      const { get, runs } = setUp(factory, ({ set }) => {
        set('Cache-Control', cacheControl)
        return 'price list'
      })
      await get('/page', { authorization: 'Bearer a' })
      await get('/page', { authorization: 'Bearer b' }).expect('Cache-Status', /hit/)
      await get().expect('Cache-Status', /hit/)
      expect(runs()).toBe(1)
    },
  )

  it('a tenant named by key has pages of its own', async () => {
    const { get } = setUp(factory, (_context, run) => `page ${run}`, {
      key: (req) => req.get('x-tenant') ?? '',
    })
    await get('/page', { 'x-tenant': 'a' }).expect('page 1')
    await get('/page', { 'x-tenant': 'b' }).expect('page 2')
    await get('/page', { 'x-tenant': 'a' }).expect('page 1')
  })

  it('a query may count in any order, or only in part, and no spelling gets around it', async () => {
    const page = (_context: RouteContext, run: number) => `page ${run}`
    const sorted = setUp(factory, page, { query: 'sorted' })
    await sorted.get('/page?b=2&a=1').expect('page 1')
    await sorted.get('/page?a=1&b=2').expect('page 1')
    await sorted.get('/page?a=2&a=1').expect('page 2')
    await sorted.get('/page?a=1&a=2').expect('page 3')

    const listed = setUp(factory, page, { query: ['page'] })
    await listed.get('/page').expect('page 1')
    await listed.get('/page?utm_source=mail').expect('page 1')
    await listed.get('/page?page=2&utm_source=mail').expect('page 2')
    await listed.get('/page?page=2').expect('page 2')
    for (const spelling of ['p%61ge=2', 'page[]=2', '[page]=2', 'page%5B0%5D=2']) {
      const { text } = await listed.get(`/page?${spelling}`)
      expect(['page 1', 'page 2']).not.toContain(text)
    }
  })
})

/** A server for requests that no client would send. */
async function open(factory: HttpAppFactory, options: Options) {
  const { app } = setUp(factory, mirror, {
    cache: createCache(),
    ...options,
    routes: Object.fromEntries(
      ['POST /page', 'PURGE /page', 'OPTIONS /page', 'GET /pag', 'GET /page/x', 'GET //page'].map(
        (route) => [route, mirror],
      ),
    ),
  })
  const server = createServer(app.listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const ask = ({ method = 'GET', path = '/page', headers = {}, body }: Ask) =>
    new Promise<{ body: string; cacheStatus: string }>((resolve, reject) => {
      const sent = httpRequest(
        {
          ...{ port, method, path, agent: false },
          headers: {
            host: 'shop.example',
            ...headers,
            ...(body !== undefined && { 'content-length': String(body.length) }),
          },
        },
        (response) => {
          let text = `${response.statusCode} `
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
          response.on('end', () =>
            resolve({ body: text, cacheStatus: String(response.headers['cache-status']) }),
          )
        },
      )
      sent.on('error', reject).end(body)
    })
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { ask, [Symbol.asyncDispose]: stop }
}
