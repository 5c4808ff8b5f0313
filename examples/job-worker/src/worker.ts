import { createLocks } from '@sluice/distributed-lock'
import { Queue, Worker } from 'bullmq'
import { createLedger } from './ledger.ts'
import { monitorQueue } from './monitor.ts'
import type { Connections } from './redis.ts'
import { scheduleReport } from './report.ts'
import type { Settings } from './settings.ts'
import { createShipping, queueName, type Order } from './shipping.ts'

/** What one process of the fleet does. */
export interface FleetWorker {
  /** Takes no more jobs, lets those under way finish until `deadline` aborts, and then puts them back. */
  stop(deadline: AbortSignal): Promise<void>
}

/** Jobs, cron and leadership on one Redis. */
export async function startWorker(
  { cache, client }: Connections,
  { cron, stepMs, leaseMs }: Settings,
  warn: (error: Error) => void,
): Promise<FleetWorker> {
  const stopping = new AbortController()
  const locks = createLocks({ cache, ttl: leaseMs })
  const ledger = createLedger(client)

  const ship = createShipping({ locks, ledger, stepMs, stopping: stopping.signal })
  const worker = new Worker<Order, void>(queueName, ship, {
    connection: client,
    concurrency: 5,
    lockDuration: leaseMs,
    stalledInterval: leaseMs,
    // A job whose worker died is run again, each time; the default gives up after the second.
    maxStalledCount: 10,
  })
  worker.on('error', warn)
  worker.on('failed', (job, error) => warn(new Error(`Job ${job?.id} failed: ${error.message}`)))
  await worker.waitUntilReady()
  const queue = new Queue<Order>(queueName, { connection: client })
  queue.on('error', warn)
  const reports = scheduleReport({ cache, client, ledger, cron, warn })
  const monitor = monitorQueue(locks, queue)

  return {
    async stop(deadline) {
      stopping.abort()
      deadline.addEventListener('abort', () => worker.cancelAllJobs('shutdown'), { once: true })
      await Promise.all([worker.close(), reports.stop(), monitor.resign()])
      await queue.close()
    },
  }
}
