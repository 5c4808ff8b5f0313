import { startRedis } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { createClient } from '../client.ts'
import { openShop } from '../shop-process.ts'
import { isHealthy, settled } from './support.ts'

/** Every package keeps to its policy while Redis is away. */
export function redisAwaySuite(main: string): void {
  describe('when Redis stops', () => {
    it.each([
      ['kill', 'an order is lost with its data', { error: 'No such order' }],
      ['pause', 'an order waits', { status: 'shipped', shipments: 1 }],
    ] as const)(
      'by %s, every request is answered in under a second by the policy of its package; %s, and all comes back',
      async (how, _, left) => {
        await using redis = await startRedis()
        await using shop = await openShop({ REDIS_URL: redis.url }, main)
        const client = createClient(shop.url)
        await client.post('/api/auth/sign-in', { name: 'Ada' })
        await client.post('/api/orders', { id: 'early' })
        await redis[how]()

        // The limiter counts in the process, the guard loads, cacheResponse asks the handler, sessions and health say 503.
        for (let round = 0; round < 4; round++) {
          const [shown, list, cart, checkout, order, visitor, health] = await Promise.all([
            client.get('/products/cup'),
            client.get('/products'),
            client.get('/api/cart'),
            client.post('/api/checkout'),
            createClient(shop.url).get('/api/orders/early'),
            createClient(shop.url).get('/api/cart'),
            client.get('/health'),
          ])
          expect(shown).toMatchObject({ status: 200, body: { product: { id: 'cup' } } })
          expect(list).toMatchObject({ status: 200, body: { products: [{}, {}, {}] } })
          for (const refused of [cart, checkout, order]) {
            expect(refused.status).toBe(503)
            expect(refused.headers.get('Retry-After')).not.toBeNull()
          }
          expect(visitor.status).toBe(200)
          expect(health.status).toBe(503)
          for (const { tookMs } of [shown, list, cart, checkout, order, visitor, health])
            expect(tookMs).toBeLessThan(1000)
        }

        await (how === 'kill' ? redis.restart() : redis.resume())
        await isHealthy(client)
        expect((await client.get('/api/cart')).status).toBe(200)
        expect(await settled(client, 'early')).toMatchObject(left)
      },
    )
  })
}
