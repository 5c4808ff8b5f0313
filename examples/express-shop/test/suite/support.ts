import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis, waitUntil, type RedisServer } from '@sluice/testkit'
import { afterAll, beforeAll } from 'vitest'
import { createClient, type Client, type Reply } from '../client.ts'
import { openShop, type ShopProcess } from '../shop-process.ts'

/** Two processes of a shop on one Redis, for the tests of a `describe`. */
export interface Fleet {
  readonly redis: RedisServer
  readonly here: ShopProcess
  readonly there: ShopProcess
}

/** Starts a fleet before the tests of this `describe` and ends it after them. */
export function useFleet(main: string): () => Fleet {
  const started: AsyncDisposable[] = []
  let fleet: Fleet
  beforeAll(async () => {
    const redis = await startRedis()
    started.push(redis)
    const open = async (): Promise<ShopProcess> => {
      const shop = await openShop({ REDIS_URL: redis.url }, main)
      started.push(shop)
      return shop
    }
    const [here, there] = await Promise.all([open(), open()])
    fleet = { redis, here, there }
  })
  afterAll(async () => {
    for (const one of started.toReversed()) await one[Symbol.asyncDispose]()
  })
  return () => fleet
}

/** Forgets what the fleet has counted, and all else. */
export async function emptyRedis({ redis, here, there }: Fleet): Promise<void> {
  await redis.restart()
  await Promise.all([here, there].map(({ url }) => isHealthy(createClient(url))))
}

/** Windows start at whole minutes, and a limit is exact within one: a test that counts does not cross the edge. */
export async function withinOneMinute(neededMs: number): Promise<void> {
  const leftMs = 60_000 - (Date.now() % 60_000)
  if (leftMs < neededMs) await sleep(leftMs + 50)
}

/** How many replies there were of each status. */
export function statuses(replies: readonly Reply[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/**
 * Sends the same again and again.
 *
 * @param atOnce more would make a busy machine miss the store's deadline, and the limiter count in each process
 */
export async function times(
  count: number,
  send: (at: number) => Promise<Reply>,
  atOnce = 50,
): Promise<Reply[]> {
  const replies: Reply[] = []
  while (replies.length < count) {
    const length = Math.min(atOnce, count - replies.length)
    const first = replies.length
    replies.push(...(await Promise.all(Array.from({ length }, (_, at) => send(first + at)))))
  }
  return replies
}

/** Waits until an order is not on its way any more, and answers with what is known of it. */
export async function settled(client: Client, id: string): Promise<Reply['body']> {
  let body: Reply['body'] = {}
  const isSettled = async (): Promise<boolean> => {
    await sleep(100) // or asking would use up the limit
    body = (await client.get(`/api/orders/${id}`)).body
    return body['status'] !== 'accepted'
  }
  await waitUntil(isSettled, { what: `order ${id} is shipped`, timeoutMs: 15_000 })
  return body
}

/** Waits until a shop and its store answer. */
export async function isHealthy(client: Client): Promise<void> {
  const answers = async (): Promise<boolean> => (await client.get('/health')).status === 200
  await waitUntil(answers, { what: 'the shop answers', timeoutMs: 8000 })
}
