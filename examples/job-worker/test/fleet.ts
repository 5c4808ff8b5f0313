import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { createLocks, type Locks } from '@sluice/distributed-lock'
import { startRedis, waitUntil, type RedisServer } from '@sluice/testkit'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { createLedger, type Entry, type Ledger } from '../src/ledger.ts'
import { reportsKey } from '../src/report.ts'
import { lockName, queueName, steps, type Order } from '../src/shipping.ts'
import { run, startWorker, type ExampleProcess } from './worker-process.ts'

/** A line of the reports. */
export interface Report {
  readonly at: string
  readonly orders: number
  readonly pid: number
}

/** A Redis of its own, the workers on it, and what is to be seen of them. */
export interface Fleet extends AsyncDisposable {
  readonly redis: RedisServer
  readonly queue: Queue<Order>
  readonly ledger: Ledger
  /** Starts a worker; `env` is put over what the fleet has. */
  start(env?: NodeJS.ProcessEnv): Promise<ExampleProcess>
  /** Runs `add-orders`, and answers with what it printed. */
  add(count: number): Promise<string>
  /** Resolves when no job waits or runs. */
  idle(): Promise<void>
  reports(): Promise<readonly Report[]>
  /** The locks held now: of orders, and of the leader. */
  heldLocks(): Promise<readonly string[]>
}

/** Starts a Redis; the workers come one by one. */
export async function startFleet(env: NodeJS.ProcessEnv): Promise<Fleet> {
  const redis = await startRedis()
  const client = new Redis(redis.url, { maxRetriesPerRequest: null })
  const queue = new Queue<Order>(queueName, { connection: client })
  const cache = createCache({ store: redisStore({ url: redis.url }), prefix: 'jobs' })
  const locks = createLocks({ cache })
  const ledger = createLedger(client)
  const workers: ExampleProcess[] = []
  const ownEnv = { REDIS_URL: redis.url, ...env }

  return {
    redis,
    queue,
    ledger,
    async start(more = {}) {
      const worker = await startWorker({ ...ownEnv, ...more })
      workers.push(worker)
      return worker
    },
    async add(count) {
      await using adding = run('add-orders', ownEnv, [String(count)])
      await adding.ended
      return adding.output()
    },
    async idle() {
      const isIdle = async (): Promise<boolean> => {
        const counts = await queue.getJobCounts('waiting', 'active', 'delayed')
        return Object.values(counts).every((count) => count === 0)
      }
      await waitUntil(isIdle, { what: 'no job waits or runs' })
    },
    async reports() {
      const lines = await client.lrange(reportsKey, 0, -1)
      return lines.map((line): Report => JSON.parse(line) as Report)
    },
    async heldLocks() {
      const jobs = await queue.getJobs()
      const names = ['queue-monitor', ...jobs.map(({ data }) => lockName(data.orderId))]
      return heldOf(locks, new Set(names))
    },
    async [Symbol.asyncDispose]() {
      for (const worker of workers) await worker[Symbol.asyncDispose]()
      await queue.close()
      await cache.close()
      client.disconnect()
      await redis.stop()
    },
  }
}

async function heldOf(locks: Locks, names: ReadonlySet<string>): Promise<readonly string[]> {
  const held: string[] = []
  for (const name of names) if ((await locks.inspect(name)).held) held.push(name)
  return held
}

/** What the ledger says of all orders. */
export interface Books {
  /** Orders whose every step was done, each once and in order. */
  readonly shippedOnce: number
  /** What was written of the others: empty, if all is well. */
  readonly wrong: readonly string[]
  /** Writes that the ledger refused, or had before: the lock let two at an order, or one wrote after its lease. */
  readonly turnedAway: number
  /** The processes that wrote. */
  readonly pids: ReadonlySet<number>
}

/** Reads the books. Fences of an order never fall. */
export async function audit(ledger: Ledger): Promise<Books> {
  const entries = await ledger.entries()
  const written = entries.filter(({ outcome }) => outcome === 'written')
  const orderIds = [...new Set(written.map(({ orderId }) => orderId))]
  const lines = orderIds.map((orderId) => judge(orderId, written))
  return {
    shippedOnce: lines.filter(({ isRight }) => isRight).length,
    wrong: lines.filter(({ isRight }) => !isRight).map(({ text }) => text),
    turnedAway: entries.length - written.length,
    pids: new Set(written.map(({ pid }) => pid)),
  }
}

function judge(orderId: string, written: readonly Entry[]): { text: string; isRight: boolean } {
  const done = written.filter((entry) => entry.orderId === orderId)
  return {
    text: `${orderId}: ${done.map(({ step, fence }) => `${step} ${fence}`).join(', ')}`,
    isRight:
      done.map(({ step }) => step).join() === steps.join() &&
      done.every(({ fence }, at) => fence >= (done[at - 1]?.fence ?? 1)),
  }
}
