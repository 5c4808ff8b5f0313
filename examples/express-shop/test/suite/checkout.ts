import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, it } from 'vitest'
import { createClient } from '../client.ts'
import { emptyRedis, settled, type Fleet } from './support.ts'

/** A checkout is done once, in whichever process. */
export function checkoutTests(fleet: () => Fleet): void {
  beforeAll(() => emptyRedis(fleet()))

  it('makes one order of a cart, however many tabs ask at once in both shops', async () => {
    const { here, there } = fleet()
    const client = createClient(here.url)
    for (const product of ['tea', 'cup', 'tea']) await client.post('/api/cart', { product })

    const [first, second] = await Promise.all([
      client.post('/api/checkout', {}, here.url),
      client.post('/api/checkout', {}, there.url),
    ])
    const [placed, refused] = first.status === 201 ? [first, second] : [second, first]
    expect(placed).toMatchObject({
      status: 201,
      body: { order: { id: expect.any(String) as string, items: ['tea', 'cup', 'tea'] } },
    })
    expect(refused.status).toBe(409)
    expect(refused.headers.get('Retry-After')).toBe('1')
    expect((await client.get('/api/cart')).body).toEqual({ user: null, cart: [] })
    expect(await client.post('/api/checkout')).toMatchObject({
      status: 400,
      body: { error: 'The cart is empty' },
    })

    const { id } = placed.body['order'] as { id: string }
    expect(await settled(client, id)).toMatchObject({
      shipments: 1,
      items: ['tea', 'cup', 'tea'],
    })
  })

  it('leaves in the cart what another tab puts in meanwhile', async () => {
    const { here, there } = fleet()
    const client = createClient(here.url)
    await client.post('/api/cart', { product: 'tea' })
    const [placed] = await Promise.all([
      client.post('/api/checkout'),
      sleep(200).then(() => client.post('/api/cart', { product: 'tea' }, there.url)),
    ])
    expect(placed).toMatchObject({ status: 201, body: { order: { items: ['tea'] } } })
    expect((await client.get('/api/cart')).body).toEqual({ user: null, cart: ['tea'] })
  })

  it('of one cart does not hold up another one', async () => {
    const { here } = fleet()
    const clients = [createClient(here.url), createClient(here.url)]
    for (const client of clients) await client.post('/api/cart', { product: 'pot' })
    const placed = await Promise.all(clients.map((client) => client.post('/api/checkout')))
    expect(placed.map(({ status }) => status)).toEqual([201, 201])
    // Nor do visitors who have no cart yet.
    const visitors = [createClient(here.url), createClient(here.url)]
    const empty = await Promise.all(visitors.map((client) => client.post('/api/checkout')))
    expect(empty.map(({ status }) => status)).toEqual([400, 400])
  })
}
