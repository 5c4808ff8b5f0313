import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis, waitUntil, type RedisServer } from '@sluice/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createClient, type Client, type Reply } from './client.ts'
import { failToOpen, openShop, type ShopProcess } from './shop-process.ts'

const cleanups: AsyncDisposable[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup[Symbol.asyncDispose]()
})

async function open(env: NodeJS.ProcessEnv = {}): Promise<ShopProcess> {
  const shop = await openShop(env)
  cleanups.push(shop)
  return shop
}

const product = (id: string) => `/products/${id}`

/** Windows start at whole minutes, and a limit is exact within one: a test that counts does not cross the edge. */
async function withinOneMinute(): Promise<void> {
  const left = 60_000 - (Date.now() % 60_000)
  if (left < 10_000) await sleep(left + 50)
}

async function statuses(requests: readonly Promise<Reply>[]): Promise<Record<number, number>> {
  const counts: Record<number, number> = {}
  for (const { status } of await Promise.all(requests)) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

async function shipped(client: Client, id: string): Promise<Reply['body']> {
  let body: Reply['body'] = {}
  const isShipped = async (): Promise<boolean> => {
    body = (await client.get(`/api/orders/${id}`)).body
    return body['status'] === 'shipped'
  }
  await waitUntil(isShipped, { what: `order ${id} is shipped`, timeoutMs: 8000 })
  return body
}

describe('two shops on one Redis', () => {
  let redis: RedisServer
  let shops: readonly [ShopProcess, ShopProcess]
  beforeAll(async () => {
    redis = await startRedis()
    shops = [await openShop({ REDIS_URL: redis.url }), await openShop({ REDIS_URL: redis.url })]
  })
  afterAll(async () => {
    for (const running of [...shops, redis]) await running[Symbol.asyncDispose]()
  })

  it('know a user who signed in at the other, and the end of it', async () => {
    const [here, there] = shops
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

  it('lose no item of a cart that both change at once', async () => {
    const [here, there] = shops
    const bob = createClient(here.url)
    await bob.post('/api/cart', { product: 'first' })
    await Promise.all(
      Array.from({ length: 10 }, (_, at) =>
        bob.post('/api/cart', { product: `item${at}` }, at % 2 === 0 ? here.url : there.url),
      ),
    )
    expect((await bob.get('/api/cart')).body['cart']).toHaveLength(11)
  })

  it('ship once what both are told', async () => {
    const clients = shops.map(({ url }) => createClient(url))
    await Promise.all(
      [...clients, ...clients].map((client) => client.post('/api/orders', { id: 'both' })),
    )
    const order = await shipped(clients[0] as Client, 'both')
    expect(order).toMatchObject({ shipments: 1, shippedBy: expect.any(Number) as number })
    expect(shops.map(({ pid }) => pid)).toContain(order['shippedBy'])
    await sleep(1000)
    expect((await clients[1]?.get('/api/orders/both'))?.body).toMatchObject({ shipments: 1 })
  })

  it('run the slow source once a process for 200 requests at once', async () => {
    for (const { url } of shops) {
      const client = createClient(url)
      const loads = async () => Number((await client.get('/api/admin/stats')).body['sourceLoads'])
      const before = await loads()
      const asked = Array.from({ length: 200 }, () => client.get(product('tea')))
      expect(await statuses(asked)).toEqual({ 200: 200 })
      expect((await loads()) - before).toBeLessThanOrEqual(1)
      await client.delete(`/api/admin${product('tea')}`)
    }
  })

  it('admit exactly 100 of 300 requests sent to both in a minute', async () => {
    await redis.restart()
    await withinOneMinute()
    const clients = shops.map(({ url }) => createClient(url))
    await waitUntil(async () => (await clients[1]?.get('/health'))?.status === 200, {
      what: 'Redis is back',
    })
    await waitUntil(async () => (await clients[0]?.get('/health'))?.status === 200, {
      what: 'Redis is back',
    })
    const asked = Array.from({ length: 300 }, (_, at) =>
      (clients[at % 2] as Client).get('/api/cart'),
    )
    const replies = await Promise.all(asked)
    expect(await statuses(asked)).toEqual({ 200: 100, 429: 200 })
    const refused = replies.find(({ status }) => status === 429)
    expect(refused?.body).toEqual({
      error: 'Rate limit exceeded',
      retryAfter: expect.any(Number) as number,
    })
    expect(refused?.headers.get('Retry-After')).toBe(String(refused?.body['retryAfter']))
    // Another tier has a budget of its own.
    expect((await (clients[0] as Client).get('/api/admin/stats')).status).toBe(200)
  })
})

describe('one shop in memory', () => {
  it('does all of it: sessions, limits, the guard and orders', async () => {
    await withinOneMinute()
    const client = createClient((await open()).url)
    await client.post('/api/auth/sign-in', { name: 'Ada' })
    expect((await client.get('/api/cart')).body).toEqual({ user: 'Ada', cart: [] })

    const asked = Array.from({ length: 200 }, () => client.get(product('pot')))
    expect(await statuses(asked)).toEqual({ 200: 200 })
    expect((await client.get('/api/admin/stats')).body).toMatchObject({
      store: 'memory',
      sourceLoads: 1,
    })
    expect((await client.get(product('pot'))).body).toMatchObject({ cache: 'hit' })

    await Promise.all([
      client.post('/api/orders', { id: 'once' }),
      client.post('/api/orders', { id: 'once' }),
    ])
    expect(await shipped(client, 'once')).toMatchObject({ shipments: 1 })

    const counts = await statuses(Array.from({ length: 130 }, () => client.get('/api/cart')))
    expect(counts[429]).toBeGreaterThan(30)
  })

  it('limits signing in to 10 a minute', async () => {
    await withinOneMinute()
    const client = createClient((await open()).url)
    const asked = Array.from({ length: 15 }, () =>
      client.post('/api/auth/sign-in', { name: 'Ada' }),
    )
    expect(await statuses(asked)).toEqual({ 200: 10, 429: 5 })
  })
})

describe('when Redis stops', () => {
  it.each(['kill', 'pause'] as const)(
    'by %s, every request is answered in under a second by the policy of its package, and all comes back',
    async (how) => {
      const redis = await startRedis()
      cleanups.push(redis)
      const { url } = await open({ REDIS_URL: redis.url })
      const client = createClient(url)
      await client.post('/api/auth/sign-in', { name: 'Ada' })
      await client.get(product('tea'))
      await redis[how]()

      // The limiter counts in the process, the guard loads, sessions and health say 503.
      for (let round = 0; round < 4; round++) {
        const [shown, cart, visitor, health] = await Promise.all([
          client.get(product('cup')),
          client.get('/api/cart'),
          createClient(url).get('/api/cart'),
          client.get('/health'),
        ])
        expect(shown).toMatchObject({ status: 200, body: { product: { id: 'cup' } } })
        expect(cart.status).toBe(503)
        expect(cart.headers.get('Retry-After')).not.toBeNull()
        expect(visitor.status).toBe(200)
        expect(health.status).toBe(503)
        for (const { tookMs } of [shown, cart, visitor, health]) expect(tookMs).toBeLessThan(1000)
      }

      await (how === 'kill' ? redis.restart() : redis.resume())
      const isBack = async () => (await client.get('/health')).status === 200
      await waitUntil(isBack, { what: 'the shop is back', timeoutMs: 8000 })
      expect((await client.get('/api/cart')).status).toBe(200)
    },
  )
})

describe('bad input', () => {
  it.each([
    [{ REDIS_URL: 'nonsense' }, /cannot open: Expected "url" to look like redis:\/\/host:6379/],
    [{ REDIS_URL: 'http://localhost' }, /Expected "url" to look like redis/],
    [{ SESSION_SECRET: 'short' }, /Expected "secret" to be text of at least 32 bytes/],
    [{ PORT: 'eighty' }, /Expected PORT to be a number from 0 to 65535; got "eighty"/],
    [{ NODE_ENV: 'production' }, /Set SESSION_SECRET in production/],
  ])('in the environment is told and ends the process: %j', async (env, message) => {
    const { code, output } = await failToOpen(env)
    expect(output).toMatch(message)
    expect(output).not.toMatch(/\n\s+at /)
    expect(code).toBe(1)
  })

  it('in a request is refused cleanly', async () => {
    const client = createClient((await open()).url)
    const long = await client.get(product('x'.repeat(10_000)))
    expect(long.status).toBe(400)
    expect(long.body['error']).toMatch(/Expected the key to be text of 1 to 1024 bytes/)
    expect((await client.get(product('nothing'))).status).toBe(404)
    expect((await client.post('/api/auth/sign-in', { name: '<script>' })).status).toBe(400)
    expect((await client.post('/api/cart', { product: 7 })).status).toBe(400)
    expect((await client.post('/api/orders', { id: 'a:b' })).status).toBe(400)
    for (const cookie of [
      'id=forged',
      'id=',
      'id=a.b.c; id=%%%',
      `id=${'x'.repeat(5000)}`,
      '=;;=',
      '__proto__=x',
    ]) {
      client.cookie = cookie
      expect((await client.get('/api/cart')).body).toEqual({ user: null, cart: [] })
      expect((await client.get('/api/devices')).status).toBe(401)
    }
  })
})

it.each(['SIGINT', 'SIGTERM'] as const)(
  'says how to try it, and ends cleanly on %s',
  async (signal) => {
    const shop = await open()
    expect(shop.output().match(/^ {2}curl .*/gm)).toHaveLength(3)
    const page = await (await fetch(shop.url)).text()
    expect(page).toContain('<h1>Sluice shop</h1>')
    await createClient(shop.url).post('/api/orders', { id: 'last' })
    expect(await shop.stop(signal)).toBe(0)
  },
)

it('ends cleanly on Redis too, and leaves no lock behind', async () => {
  const redis = await startRedis()
  cleanups.push(redis)
  const shop = await open({ REDIS_URL: redis.url })
  await createClient(shop.url).post('/api/orders', { id: 'last' })
  expect(await shop.stop()).toBe(0)
  const other = createClient((await open({ REDIS_URL: redis.url })).url)
  expect((await other.get('/api/orders/last')).body).toMatchObject({ lock: { held: false } })
})
