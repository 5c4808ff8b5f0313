import { redisStore } from '@sluice/core/redis'
import { redisUrl, uniquePrefix } from '@sluice/testkit'
import { DelayedError, Queue, QueueEvents, Worker, type Job } from 'bullmq'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createLocks, currentLock, withLock, type WithLockOptions } from '../src/index.ts'
import { openCache } from './shared-store.ts'

interface Order {
  readonly customer: string
}

type Ship = (job: Job<Order>, token?: string, signal?: AbortSignal) => Promise<number>

/** Two workers with clients of their own, which is what two processes are to Redis. */
async function startWorkers(
  options: Omit<WithLockOptions<Parameters<Ship>>, 'key' | 'onBusy'> & { onBusy?: 'wait' },
  ship: Ship,
  wrap: (locks: ReturnType<typeof createLocks>) => Ship = (locks) =>
    withLock(locks, { ...options, key: (job) => `customer:${job.data.customer}` }, ship),
) {
  const prefix = uniquePrefix()
  const connection = connect()
  const name = 'orders'
  const queue = new Queue<Order, number>(name, { connection, prefix })
  // Each job that is waited for listens to the queue.
  queue.setMaxListeners(50)
  const events = new QueueEvents(name, { connection: connect(), prefix })
  const workers = [1, 2].map(() => {
    const locks = createLocks({ cache: openCache(redisStore({ url: redisUrl() }), prefix) })
    return new Worker<Order, number>(name, wrap(locks), {
      connection: connect(),
      prefix,
      concurrency: 4,
    })
  })
  onTestFinished(async () => {
    await Promise.all(workers.map((worker) => worker.close(true)))
    await Promise.all([queue.close(), events.close()])
  })
  await Promise.all([events.waitUntilReady(), ...workers.map((worker) => worker.waitUntilReady())])
  const add = (customer: string) => queue.add('ship', { customer })
  return { add, events, queue, workers }
}

function connect(): Redis {
  // As BullMQ asks for it.
  const redis = new Redis(redisUrl(), { maxRetriesPerRequest: null })
  onTestFinished(() => redis.disconnect())
  return redis
}

/** How many jobs of each customer run at once. */
function watchCustomers() {
  const running = new Map<string, number>()
  let mostOfOne = 0
  let mostOfAll = 0
  const sum = (): number => [...running.values()].reduce((all, some) => all + some, 0)
  return {
    most: () => ({ mostOfOne, mostOfAll }),
    async count<Value>({ customer }: Order, work: () => Promise<Value>): Promise<Value> {
      const now = (running.get(customer) ?? 0) + 1
      running.set(customer, now)
      mostOfOne = Math.max(mostOfOne, now)
      mostOfAll = Math.max(mostOfAll, sum())
      try {
        return await work()
      } finally {
        running.set(customer, (running.get(customer) ?? 0) - 1)
      }
    },
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

describe('workers of BullMQ with a lock', () => {
  it('ship the orders of a customer one by one, and those of others meanwhile', async () => {
    const customers = watchCustomers()
    const fences: number[] = []
    const { add, events } = await startWorkers({ wait: '15s' }, ({ data }) =>
      customers.count(data, async () => {
        const fence = currentLock(`customer:${data.customer}`)?.fence ?? 0
        if (data.customer === 'ada') fences.push(fence)
        await turn()
        return fence
      }),
    )
    const names = Array.from({ length: 24 }, (_, n) => (n % 2 === 0 ? 'ada' : `other ${n % 6}`))
    const jobs = await Promise.all(names.map(add))
    const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)))
    expect(results.every((fence) => fence > 0)).toBe(true)
    expect(customers.most().mostOfOne).toBe(1)
    expect(customers.most().mostOfAll).toBeGreaterThan(1)
    expect(fences).toEqual([...new Set(fences)].toSorted((a, b) => a - b))
    expect(fences.length).toBe(12)
  })

  it('put a job back while the lock is busy, and it is no failed attempt', async () => {
    const customers = watchCustomers()
    let putBack = 0
    const ship: Ship = ({ data }) => customers.count(data, () => turn().then(() => 1))
    const { add, events } = await startWorkers({}, ship, (locks) =>
      withLock(
        locks,
        {
          key: (job) => `customer:${job.data.customer}`,
          onBusy: async (_, job, token) => {
            putBack++
            await job.moveToDelayed(Date.now() + 30, token)
            throw new DelayedError()
          },
        },
        ship,
      ),
    )
    const jobs = await Promise.all(Array.from({ length: 6 }, () => add('ada')))
    const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)))
    expect(results).toEqual([1, 1, 1, 1, 1, 1])
    expect(customers.most().mostOfOne).toBe(1)
    expect(putBack).toBeGreaterThan(0)
  })

  it('cancel a job that waits for the lock as well as one that has it', async () => {
    const started: string[] = []
    const stopped: unknown[] = []
    const { add, events, workers, queue } = await startWorkers(
      { wait: '15s' },
      (job, _token, signal) =>
        new Promise<number>((_, reject) => {
          started.push(job.id ?? '')
          signal?.addEventListener('abort', () => {
            stopped.push(job.id)
            reject(new Error('stopped'))
          })
        }),
    )
    const cancel = (id: string) => workers.some((worker) => worker.cancelJob(id))
    const both = [await add('ada'), await add('ada')]
    await expect.poll(() => queue.getActiveCount(), { timeout: 10_000 }).toBe(2)
    await expect.poll(() => started.length, { timeout: 10_000 }).toBe(1)
    const [holder] = both.filter(({ id }) => id === started[0])
    const [waiter] = both.filter(({ id }) => id !== started[0])
    expect(cancel(waiter?.id ?? '')).toBe(true)
    await expect(waiter?.waitUntilFinished(events)).rejects.toThrow('aborted')
    expect(stopped).toEqual([])
    expect(cancel(holder?.id ?? '')).toBe(true)
    await expect(holder?.waitUntilFinished(events)).rejects.toThrow('stopped')
    expect(stopped).toEqual([holder?.id])
    expect(started).toEqual([holder?.id])
  })
})
