import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil } from '@sluice/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  flush,
  hasFailedOver,
  redisOf,
  startFleet,
  type FleetProcess,
  type RedisProcess,
} from './fleet-process.ts'
import { createVisitor, type Reply, type Visitor } from './visitor.ts'

/** Ada, with a session; and the pids of the app processes. */
async function signIn({ url }: FleetProcess): Promise<{ ada: Visitor; pids: Set<number> }> {
  const ada = createVisitor(url)
  expect((await ada.post('/api/auth/sign-in', { name: 'Ada' })).body).toEqual({ user: 'Ada' })
  const seen = [await ada.get('/api/admin/stats'), await ada.get('/api/admin/stats')]
  return { ada, pids: new Set(seen.map(({ body }) => Number(body['pid']))) }
}

/** Windows start at whole minutes, and a limit is exact within one: a test that counts does not cross the edge. */
async function withinOneMinute(): Promise<void> {
  const leftMs = 60_000 - (Date.now() % 60_000)
  if (leftMs < 8000) await sleep(leftMs + 50)
}

async function allEnd(pids: readonly number[]): Promise<void> {
  const isGone = (pid: number): boolean => {
    try {
      return !process.kill(pid, 0)
    } catch {
      return true
    }
  }
  await waitUntil(() => pids.every(isGone), { what: `${pids.join()} are gone`, timeoutMs: 8000 })
}

describe('two shops on three masters', () => {
  let fleet: FleetProcess
  let redis: readonly RedisProcess[]
  beforeAll(async () => {
    fleet = await startFleet()
    redis = await redisOf(fleet)
  })
  afterAll(() => fleet[Symbol.asyncDispose]())

  it('take requests by turns, and both know the user and the cart', async () => {
    const { ada, pids } = await signIn(fleet)
    expect(pids.size).toBe(2)
    await ada.post('/api/cart', { product: 'tea' })
    const seen = [await ada.get('/api/cart'), await ada.get('/api/cart')]
    expect(new Set(seen.map(({ servedBy }) => servedBy))).toEqual(new Set(['app-1', 'app-2']))
    for (const { body } of seen) expect(body).toEqual({ user: 'Ada', cart: ['tea'] })
  })

  it('admit exactly 100 of 150 requests in a minute, whoever the client says it is', async () => {
    await flush(fleet)
    await withinOneMinute()
    const visitor = createVisitor(fleet.url)
    const claim = (at: number) => ({ 'X-Forwarded-For': `203.0.113.${at}` })
    const replies = await Promise.all(
      Array.from({ length: 150 }, (_, at) => visitor.get('/api/cart', claim(at))),
    )
    const count = (isMeant: (reply: Reply) => boolean): number => replies.filter(isMeant).length
    expect(count(({ status }) => status === 200)).toBe(100)
    expect(count(({ status }) => status === 429)).toBe(50)
    expect(count(({ servedBy }) => servedBy === 'app-1')).toBe(75)
  })

  it('answer every request by the policy of its package when a master is lost for good', async () => {
    const { ada } = await signIn(fleet)
    process.kill(redis[0]?.pid ?? 0, 'SIGKILL')
    const isDown = async (path: string): Promise<boolean> => (await ada.get(path)).status === 503
    // The other masters take a second to agree that it is gone, and then serve no slot at all.
    for (const path of ['/health', '/health', '/api/admin/stats']) {
      await waitUntil(async () => (await sleep(150), await isDown(path)), {
        what: `503 of ${path}`,
      })
    }

    // Sessions are refused, limits are counted in the process, products come from the source.
    for (let round = 0; round < 4; round++) {
      const startedMs = performance.now()
      const [signedIn, visitor, product, health] = await Promise.all([
        ada.get('/api/admin/stats'),
        createVisitor(fleet.url).get('/api/admin/stats'),
        createVisitor(fleet.url).get('/products/cup'),
        ada.get('/health'),
      ])
      expect(signedIn.status).toBe(503)
      expect(visitor.status).toBe(200)
      expect(health.status).toBe(503)
      expect(product).toMatchObject({ status: 200, body: { product: { id: 'cup' } } })
      expect(performance.now() - startedMs).toBeLessThan(3000)
    }
  })

  it('leave no process and no file behind after a Ctrl-C', async () => {
    const visitor = createVisitor(fleet.url)
    const seen = [await visitor.get('/api/admin/stats'), await visitor.get('/api/admin/stats')]
    const apps = seen.map(({ body }) => Number(body['pid']))
    expect(await fleet.end('SIGINT', 'terminal')).toBe(0)
    await allEnd([...apps, ...redis.map(({ pid }) => pid)])
    for (const { folder } of redis) expect(existsSync(folder)).toBe(false)
    expect(fleet.output()).toMatch(/Ending …\n$/)
  })
})

describe('two shops on three masters with replicas', () => {
  let fleet: FleetProcess
  let redis: readonly RedisProcess[]
  beforeAll(async () => {
    fleet = await startFleet({ REPLICAS: '1' })
    redis = await redisOf(fleet)
  })
  afterAll(() => fleet[Symbol.asyncDispose]())

  it('come back by themselves when a master is lost, with the user and the cart', async () => {
    const { ada } = await signIn(fleet)
    await ada.post('/api/cart', { product: 'tea' })
    // A moment for the replicas to have it: a write that only the lost master had is gone.
    await sleep(200)
    process.kill(redis[0]?.pid ?? 0, 'SIGKILL')
    const [, next = 0] = fleet.redisPorts
    await waitUntil(() => hasFailedOver(next), { what: 'the failover' })
    const cart = async () => (await sleep(150), await ada.get('/api/cart'))
    await waitUntil(async () => (await cart()).status === 200, { what: 'the shop is back' })
    for (const { status, body } of [await cart(), await cart()]) {
      expect({ status, ...body }).toEqual({ status: 200, user: 'Ada', cart: ['tea'] })
    }
  })

  it('leave no process behind when the one that started them is killed', async () => {
    const { pids } = await signIn(fleet)
    await fleet.end('SIGKILL', 'process')
    await allEnd([...pids, ...redis.map(({ pid }) => pid)])
  })
})
