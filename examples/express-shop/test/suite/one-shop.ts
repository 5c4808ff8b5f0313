import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../client.ts'
import { openShop, type ShopProcess } from '../shop-process.ts'
import { settled, statuses, times, withinOneMinute } from './support.ts'

const malformedCookies = [
  'id=forged',
  'id=',
  'id=a.b.c; id=%%%',
  `id=${'x'.repeat(5000)}`,
  '=;;=',
  '__proto__=x',
]

/** A shop without Redis, and what it answers to bad requests. */
export function oneShopSuite(main: string): void {
  describe('one shop in memory', () => {
    let shop: ShopProcess
    beforeAll(async () => {
      shop = await openShop({}, main)
    })
    afterAll(() => shop[Symbol.asyncDispose]())

    it('refuses cleanly what cannot be meant', async () => {
      const client = createClient(shop.url)
      const long = await client.get(`/products/${'x'.repeat(10_000)}`)
      expect(long.status).toBe(400)
      expect(long.body['error']).toMatch(/Expected the key to be text of 1 to 1024 bytes/)
      expect((await client.get('/products/nothing')).status).toBe(404)
      expect((await client.get('/products/%ff')).status).toBe(400)
      expect(await client.get('/nowhere')).toMatchObject({
        status: 404,
        body: { error: 'Not found' },
      })
      expect((await client.get('/api/orders/nothing')).status).toBe(404)
      expect((await client.post('/api/auth/sign-in', { name: '<script>' })).status).toBe(400)
      expect((await client.post('/api/cart', { product: 7 })).status).toBe(400)
      expect((await client.post('/api/orders', { id: 'a:b' })).status).toBe(400)
    })

    it.each([
      ['malformed', '{"product":', 400],
      ['not JSON at all', 'product=tea', 400],
      ['too long', JSON.stringify({ product: 'x'.repeat(11_000) }), 413],
      ['empty', '', 400],
    ])('refuses a body that is %s', async (_, body, status) => {
      const reply = await fetch(`${shop.url}/api/cart`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body,
      })
      expect(reply.status).toBe(status)
      expect(await reply.json()).toEqual({ error: expect.any(String) as string })
    })

    it.each([
      '/../package.json',
      '/%2e%2e/package.json',
      '//../package.json',
      '/..%2fpackage.json',
    ])('gives no file away beside its pages: %s', async (path) => {
      const { status, body } = await sendAsIs(shop.url, 'GET', path)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
      expect(body).not.toContain('dependencies')
    })

    it.each(['/api/auth/sign-in', '/API/Auth/sign-in', 'http://shop.example/api/auth/sign-in'])(
      'counts a sign-in as one, however its path is written: %s',
      async (path) => {
        const { status, headers } = await sendAsIs(shop.url, 'POST', path)
        expect(status === 404 || headers['x-ratelimit-limit'] === '10').toBe(true)
      },
    )

    it('takes a cookie that it did not make for none', async () => {
      const client = createClient(shop.url)
      for (const cookie of malformedCookies) {
        client.cookie = cookie
        expect((await client.get('/api/cart')).body).toEqual({ user: null, cart: [] })
        expect((await client.get('/api/devices')).status).toBe(401)
      }
    })

    it('lets browsers ask again for the page, and tells them when it is the same', async () => {
      const page = await fetch(shop.url)
      expect(page.headers.get('Cache-Control')).toBe('no-cache')
      expect(page.headers.get('Content-Type')).toBe('text/html; charset=utf-8')
      expect(await page.text()).toContain('<h1')
      const again = await fetch(shop.url, {
        headers: {
          'If-None-Match': page.headers.get('ETag') ?? 'none',
          'Cache-Control': 'max-age=0', // or fetch would say no-cache
        },
      })
      expect(again.status).toBe(304)
    })

    it('says how to try it, and its README does, in lines that work', async () => {
      const printed = addressesIn(shop.output())
      expect(printed).toHaveLength(3)
      const readme = readFileSync(join(dirname(main), '../README.md'), 'utf8')
      const written = addressesIn(readme.replaceAll('localhost:3000', shop.url))
      expect(written.length).toBeGreaterThanOrEqual(3)
      for (const url of [...printed, ...written]) expect((await fetch(url)).status).toBe(200)
    })

    it('does all of it: sessions, the guard, orders and limits', async () => {
      const client = createClient(shop.url)
      await client.post('/api/auth/sign-in', { name: 'Ada' })
      expect((await client.get('/api/cart')).body).toEqual({ user: 'Ada', cart: [] })

      const { sourceLoads } = (await client.get('/api/admin/stats')).body
      const shown = await times(200, () => client.get('/products/pot'), 200)
      expect(statuses(shown)).toEqual({ 200: 200 })
      expect((await client.get('/api/admin/stats')).body).toMatchObject({
        store: 'memory',
        sourceLoads: Number(sourceLoads) + 1,
      })
      expect((await client.get('/products/pot')).body).toMatchObject({ cache: 'hit' })

      await times(2, () => client.post('/api/orders', { id: 'once' }))
      expect(await settled(client, 'once')).toMatchObject({ shipments: 1 })

      await withinOneMinute(4000)
      const replies = await times(130, () => client.get('/api/cart'))
      expect(statuses(replies)[429]).toBeGreaterThanOrEqual(30)
    })
  })
}

/** Sends a path as it is: `fetch` would tidy it up. */
async function sendAsIs(
  url: string,
  method: string,
  path: string,
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  const { hostname, port } = new URL(url)
  const asked = request({ hostname, port, method, path }).end()
  const [reply] = (await once(asked, 'response')) as [IncomingMessage]
  return { status: reply.statusCode ?? 0, headers: reply.headers, body: await text(reply) }
}

/** What the lines that call curl ask for. */
function addressesIn(text: string): string[] {
  const lines = text.match(/^ *curl .*/gm) ?? []
  return lines.flatMap((line) => line.match(/http:\/\/localhost:\S+/) ?? [])
}
