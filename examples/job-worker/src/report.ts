import { createLocks, runCoordinator } from '@sluice/distributed-lock'
import { schedule, type TaskContext } from 'node-cron'
import type { Ledger } from './ledger.ts'
import type { Connections } from './redis.ts'

/** What the report is made of, and when. */
export interface ReportOptions extends Pick<Connections, 'cache' | 'client'> {
  readonly ledger: Ledger
  readonly cron: string
  readonly warn: (error: Error) => void
}

/** The schedule of this process. */
export interface ReportSchedule {
  /** Fires no more, and lets a report under way finish. */
  stop(): Promise<void>
}

/** The last hundred reports, newest first. */
export const reportsKey = 'shop:reports'

/** Every process has the schedule. For each fire, one of them makes the report. */
export function scheduleReport(options: ReportOptions): ReportSchedule {
  const { cache, client, ledger, cron, warn } = options
  // Each fire is a lock of its own name, so its fence is remembered for an hour rather than a week.
  const locks = createLocks({ cache, fenceRetention: '1h' })
  let underWay: Promise<void> = Promise.resolve()

  const report = async ({ date }: TaskContext): Promise<void> => {
    const entries = await ledger.entries()
    const posted = entries.filter(({ step, outcome }) => step === 'post' && outcome === 'written')
    const line = { at: date.toISOString(), orders: posted.length, pid: process.pid }
    await client.multi().lpush(reportsKey, JSON.stringify(line)).ltrim(reportsKey, 0, 99).exec()
    console.log(`Report of ${line.at}: ${line.orders} orders shipped`)
  }
  const task = schedule(cron, (context) => (underWay = report(context)), {
    name: 'shipping-report',
    distributed: true,
    // Remembers who made it, so that a machine whose clock is behind does not make it again.
    runCoordinator: runCoordinator(locks, { ttl: '5m' }),
    logger: { info: () => {}, debug: () => {}, warn: tell, error: tell },
  })

  function tell(message: string | Error): void {
    warn(message instanceof Error ? message : new Error(message))
  }
  return {
    async stop() {
      await task.destroy()
      await underWay.catch(() => undefined)
    },
  }
}
