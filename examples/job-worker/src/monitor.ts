import type { Candidate, Locks } from '@sluice/distributed-lock'
import type { Queue } from 'bullmq'
import { setTimeout as sleep } from 'node:timers/promises'

const everyMs = 5000

/** One process of the fleet watches the queue; when it ends or dies, the next one does. */
export function monitorQueue(locks: Locks, queue: Queue): Candidate {
  return locks.lead('queue-monitor', async ({ signal }) => {
    console.log('This process watches the queue')
    let last = ''
    while (!signal.aborted) {
      const { waiting, active, delayed, failed } = await queue.getJobCounts()
      const line = `Queue: ${waiting} waiting, ${active} active, ${delayed} delayed, ${failed} failed`
      if (line !== last) console.log(line)
      last = line
      await sleep(everyMs, undefined, { signal })
    }
  })
}
