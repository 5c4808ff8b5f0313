import { Readable } from 'node:stream'
import { httpApps } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { setUp, type Handler } from './cached-app.ts'

const lastModified = 'Wed, 31 Dec 2025 10:00:00 GMT'
const page: Handler = ({ set }) => {
  set('ETag', '"v1"')
  set('Last-Modified', lastModified)
  set('Cache-Control', 'max-age=60')
  set('Vary', 'Accept')
  return '0123456789'
}

describe.each(httpApps)('in $name', (factory) => {
  it.each(['"v1"', 'W/"v1"', '"other", "v1"', '*', ' "a",W/"v1" ', '"v1", *'])(
    'a client that has %s already is told that nothing changed',
    async (has) => {
      const { get, runs, clock } = setUp(factory, page)
      const first = await get()
      clock.advance('5s')
      const { headers, text } = await get('/page', { 'if-none-match': has }).expect(304)
      expect(text).toBe('')
      expect(headers).toMatchObject({
        'cache-control': 'max-age=60',
        date: new Date(clock.now() - 5000).toUTCString(),
        etag: '"v1"',
        vary: 'Accept',
        age: '5',
      })
      for (const name of ['content-length', 'content-type'])
        expect(headers).not.toHaveProperty(name)
      expect(first.headers['etag']).toBe('"v1"')
      expect(runs()).toBe(1)
    },
  )

  it('a client that has another version, or asks in vain, gets the whole', async () => {
    const { get, runs } = setUp(factory, page)
    await get()
    for (const headers of [
      { 'if-none-match': '"v2"' },
      { 'if-none-match': '"v2"', 'if-modified-since': lastModified },
      { 'if-modified-since': 'Tue, 30 Dec 2025 10:00:00 GMT' },
      { 'if-modified-since': 'yesterday' },
    ] as Record<string, string>[]) {
      await get('/page', headers).expect(200, '0123456789')
    }
    await get('/page', { 'if-modified-since': lastModified }).expect(304)
    expect(runs()).toBe(1)
  })

  it('a client that has the page already is told so by the first run, too', async () => {
    const { get, runs } = setUp(factory, page)
    await get('/page', { 'if-none-match': '"v1"' }).expect(304)
    await get().expect(200, '0123456789').expect('Cache-Status', /hit/)
    expect(runs()).toBe(1)
  })

  it('a response without an ETag gets one', async () => {
    const { get } = setUp(factory, () => Readable.from(['a', 'b']))
    await get()
    const { headers } = await get().expect('Cache-Status', /hit/)
    expect(headers['etag']).toMatch(/^".+"$/)
    await get('/page', { 'if-none-match': String(headers['etag']) }).expect(304)
  })

  it('HEAD is answered from a GET, without the body and with its length', async () => {
    const { get, head, runs } = setUp(factory, page)
    const miss = await head().expect(200)
    expect(miss.headers['cache-status']).toBe('sluice; fwd=uri-miss')
    await get().expect('Cache-Status', /stored/)
    const { headers, text } = await head().expect(200).expect('Cache-Status', /hit/)
    expect(text).toBeFalsy()
    expect(headers).toMatchObject({ 'content-length': '10', etag: '"v1"', age: '0' })
    await head('/page', { 'if-none-match': '"v1"' }).expect(304)
    await head('/page', { range: 'bytes=0-1' }).expect(200).expect('Content-Length', '10')
    expect(runs()).toBe(2)
  })

  it('ranges are cut from the whole body', async () => {
    const { get, runs } = setUp(factory, page)
    // The first one is: the handler is asked for all of it.
    await get('/page', { range: 'bytes=2-4' }).expect(206, '234')
    for (const [range, part, contentRange] of [
      ['bytes=2-4', '234', 'bytes 2-4/10'],
      ['bytes=7-', '789', 'bytes 7-9/10'],
      ['bytes=-2', '89', 'bytes 8-9/10'],
      ['bytes=5-99', '56789', 'bytes 5-9/10'],
      ['Bytes=0-0', '0', 'bytes 0-0/10'],
      ['bytes=0-1,2-3', '0123', 'bytes 0-3/10'],
    ] as const) {
      const { headers } = await get('/page', { range }).expect(206, part)
      expect(headers).toMatchObject({
        'content-range': contentRange,
        'content-length': String(part.length),
        etag: '"v1"',
      })
    }
    expect(runs()).toBe(1)
  })

  it('ranges outside of the body are refused, and those that cannot be read are not there', async () => {
    const { get } = setUp(factory, page)
    await get()
    await get('/page', { range: 'bytes=10-' }).expect(416).expect('Content-Range', 'bytes */10')
    for (const range of ['bytes=x-1', 'lines=1-2', 'bytes=0-1,5-6', 'lines=99-']) {
      await get('/page', { range }).expect(200, '0123456789')
    }
  })

  it('If-Range gives the range of the very same version alone', async () => {
    const { get } = setUp(factory, page)
    await get()
    const of = (ifRange: string) => get('/page', { range: 'bytes=0-1', 'if-range': ifRange })
    await of('"v1"').expect(206, '01')
    await of(lastModified).expect(206, '01')
    for (const other of ['"v2"', 'W/"v1"', 'Tue, 30 Dec 2025 10:00:00 GMT']) {
      await of(other).expect(200, '0123456789')
    }
  })

  it('preconditions for a change are the handler’s business', async () => {
    const { get, runs } = setUp(factory, page)
    await get()
    await get('/page', { 'if-match': '"v2"' }).expect('Cache-Status', 'sluice; fwd=bypass')
    expect(runs()).toBe(2)
  })

  it('the handler finds its request as the client sent it once it has answered', async () => {
    const seen: unknown[] = []
    const { get } = setUp(factory, (context) => {
      const { headers } = context.raw.req
      seen.push(headers['if-none-match'])
      context.raw.res.once('finish', () => seen.push(headers['if-none-match']))
      return 'page'
    })
    await get('/page', { 'if-none-match': '"x"' })
    expect(seen).toEqual([undefined, '"x"'])
  })

  it('a route that cannot be cached answers conditional requests itself', async () => {
    const { get } = setUp(factory, ({ set, header, status }) => {
      set('Cache-Control', 'private')
      if (header('if-none-match') !== '"v1"') return 'mine'
      status(304)
      return ''
    })
    await get()
    await get('/page', { 'if-none-match': '"v1"' }).expect(304)
    await get('/page', { 'if-none-match': '"v1"' }).expect(304)
  })

  it('requests decide what is fresh where they are trusted, and only there', async () => {
    const make = (trustRequestDirectives: boolean) =>
      setUp(factory, (_context, run) => `page ${run}`, { trustRequestDirectives })
    const ask = (app: ReturnType<typeof make>, cacheControl: string) =>
      app.get('/page', { 'cache-control': cacheControl })

    const wary = make(false)
    await wary.get()
    wary.clock.advance('10s')
    for (const asked of ['no-cache', 'max-age=0', 'no-store', 'min-fresh=600', 'only-if-cached']) {
      await ask(wary, asked).expect(200, 'page 1')
    }
    await wary.get('/page', { pragma: 'no-cache' }).expect('page 1')

    const trusting = make(true)
    await ask(trusting, 'only-if-cached').expect(504)
    await ask(trusting, 'no-store').expect(200, 'page 1')
    await ask(trusting, 'max-age=60').expect(200, 'page 2')
    trusting.clock.advance('10s')
    await ask(trusting, 'max-age=10').expect('page 2')
    await ask(trusting, 'min-fresh=50').expect('page 2')
    await ask(trusting, 'max-age=9').expect('page 3')
    await ask(trusting, 'no-cache').expect('page 4')
    await trusting.get('/page', { pragma: 'no-cache' }).expect('page 5')
    await ask(trusting, 'only-if-cached').expect(200, 'page 5')
    await ask(trusting, 'min-fresh=61').expect('page 6')
  })
})
