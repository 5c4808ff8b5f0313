import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { waitUntil } from '@sluice/testkit'
import { createClient } from '../client.ts'
import { checkoutTests } from './checkout.ts'
import { emptyRedis, settled, statuses, times, useFleet, withinOneMinute } from './support.ts'

/** What processes of a shop that share a Redis have in common. */
export function fleetSuite(main: string): void {
  describe('two shops on one Redis', () => {
    const fleet = useFleet(main)

    it('know a user who signed in at the other, and the end of it', async () => {
      const { here, there } = fleet()
      const ada = createClient(here.url)
      await ada.post('/api/auth/sign-in', { name: 'Ada' })
      await ada.post('/api/cart', { product: 'tea' })
      expect((await ada.get('/api/cart', there.url)).body).toEqual({ user: 'Ada', cart: ['tea'] })
      expect((await ada.get('/api/devices', there.url)).body['devices']).toHaveLength(1)

      const stolen = createClient(there.url)
      stolen.cookie = ada.cookie
      await ada.post('/api/auth/sign-out')
      expect((await stolen.get('/api/cart')).body).toEqual({ user: null, cart: [] })
      expect((await stolen.get('/api/devices')).status).toBe(401)
    })

    it('end every session of a user who signs out everywhere', async () => {
      const { here, there } = fleet()
      const devices = [here, there].map(({ url }) => createClient(url))
      for (const device of devices) await device.post('/api/auth/sign-in', { name: 'Eve' })
      expect((await devices[0]?.get('/api/devices'))?.body['devices']).toMatchObject([
        { thisOne: expect.any(Boolean) as boolean },
        { thisOne: expect.any(Boolean) as boolean },
      ])
      const ended = await devices[0]?.post('/api/auth/sign-out-everywhere')
      expect(ended?.body).toEqual({ ended: 2 })
      for (const device of devices) expect((await device.get('/api/devices')).status).toBe(401)
    })

    it('lose no item of a cart that both change at once', async () => {
      const { here, there } = fleet()
      const bob = createClient(here.url)
      await bob.post('/api/cart', { product: 'first' })
      await times(10, (at) =>
        bob.post('/api/cart', { product: `item${at}` }, at % 2 === 0 ? here.url : there.url),
      )
      expect((await bob.get('/api/cart')).body['cart']).toHaveLength(11)
    })

    it('ship once what both are told', async () => {
      const { here, there } = fleet()
      const client = createClient(here.url)
      await times(4, (at) =>
        client.post('/api/orders', { id: 'both' }, at % 2 === 0 ? here.url : there.url),
      )
      const order = await settled(client, 'both')
      expect(order).toMatchObject({ shipments: 1 })
      expect([here.pid, there.pid]).toContain(order['shippedBy'])
      await sleep(1000)
      expect((await client.get('/api/orders/both', there.url)).body).toMatchObject({ shipments: 1 })
    })

    it('run the slow source once a process for 200 requests at once', async () => {
      for (const { url } of [fleet().here, fleet().there]) {
        const client = createClient(url)
        const loads = async () => Number((await client.get('/api/admin/stats')).body['sourceLoads'])
        const before = await loads()
        const replies = await times(200, () => client.get('/products/tea'), 200)
        expect(statuses(replies)).toEqual({ 200: 200 })
        expect((await loads()) - before).toBeLessThanOrEqual(1)
        await client.delete('/api/admin/products/tea')
      }
    })

    it('answer with the list of products that was kept, until it is forgotten', async () => {
      const { here } = fleet()
      const client = createClient(here.url)
      const status = async () => {
        const reply = await client.get('/products')
        expect(reply.status).toBe(200)
        expect(reply.body['products']).toHaveLength(3)
        return reply.headers.get('Cache-Status')
      }
      // A session does not make the list anybody's own.
      await client.post('/api/cart', { product: 'tea' })
      expect(await status()).toBe('sluice; fwd=uri-miss; stored')
      const isKept = async () => /^sluice; hit; ttl=\d+$/.test((await status()) ?? '')
      await waitUntil(isKept, { what: 'the list is kept' })
      expect((await client.delete('/api/admin/products')).body).toEqual({ forgotten: true })
      expect(await status()).toMatch(/fwd=.*; stored$/)

      await waitUntil(isKept, { what: 'the list is kept again' })
      const kept = await client.get('/products')
      expect(kept.headers.get('Age')).toMatch(/^\d+$/)
      expect(kept.headers.get('Cache-Control')).toBe('public, max-age=0, s-maxage=60')
      const again = await fetch(`${here.url}/products`, {
        headers: { 'If-None-Match': kept.headers.get('ETag') ?? 'none' },
      })
      expect(again.status).toBe(304)
    })

    it('answer an error inside with 500 and keep the stack for the log', async () => {
      const { redis, here } = fleet()
      const connection = new Redis(redis.url)
      try {
        await connection.lpush('shop:orders:broken', 'not an order')
      } finally {
        connection.disconnect()
      }
      const reply = await createClient(here.url).get('/api/orders/broken')
      expect(reply).toMatchObject({ status: 500, body: { error: 'Something went wrong here' } })
      expect(Object.keys(reply.body)).toEqual(['error'])
      expect(here.output()).toMatch(/WRONGTYPE[^]*\n\s+at /)
    })

    describe('and a checkout', () => {
      checkoutTests(fleet)
    })

    it('admit exactly 100 of 300 requests and 10 of 15 sign-ins sent to both in a minute', async () => {
      const { here, there } = fleet()
      const clients = [createClient(here.url), createClient(there.url)] as const
      await emptyRedis(fleet())
      await withinOneMinute(8000)

      const replies = await times(300, (at) => clients[at % 2 === 0 ? 0 : 1].get('/api/cart'))
      expect(statuses(replies)).toEqual({ 200: 100, 429: 200 })
      const refused = replies.find(({ status }) => status === 429)
      expect(refused?.body).toEqual({
        error: 'Rate limit exceeded',
        retryAfter: expect.any(Number) as number,
      })
      expect(refused?.headers.get('Retry-After')).toBe(String(refused?.body['retryAfter']))

      // Each tier has a budget of its own.
      expect((await clients[0].get('/api/admin/stats')).status).toBe(200)
      const signIns = await times(15, (at) =>
        clients[at % 2 === 0 ? 0 : 1].post('/api/auth/sign-in', { name: 'Ada' }),
      )
      expect(statuses(signIns)).toEqual({ 200: 10, 429: 5 })
    })
  })
}
