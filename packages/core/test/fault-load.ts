import { setTimeout as sleep } from 'node:timers/promises'
import { StoreUnavailableError, type RootCache } from '@sluice/core'
import { waitUntil } from '@sluice/testkit'
import { expect } from 'vitest'

/** How a store under load took a fault. */
export interface LoadReport {
  /** Increments that were answered. */
  readonly done: number
  /** Increments that may have been applied: they timed out, or their connection broke. */
  readonly unsure: number
  /** Increments that were not applied. */
  readonly refused: number
  /** The slowest call of all, failed ones included. */
  readonly slowestMs: number
  /** From the end of the fault to the first call that was made and answered after it. */
  readonly recoveryMs: number
  readonly reasons: ReadonlySet<string>
}

const callers = 8

/**
 * Counts from several callers while `fault` runs, and on until the store serves again.
 *
 * @param fault resolves when what was broken is whole again
 * @param keys what they count under; several reach several nodes of a Cluster
 */
export async function underLoad(
  cache: RootCache,
  fault: () => Promise<void>,
  keys: readonly string[] = ['count'],
): Promise<LoadReport> {
  const tally = { done: 0, unsure: 0, refused: 0, slowestMs: 0 }
  const reasons = new Set<string>()
  const served = new Map<string, number>()
  let recoveryMs = 0
  let stopped = false

  const countOnce = async (key: string): Promise<void> => {
    const startedMs = performance.now()
    try {
      await cache.increment(key)
      tally.done++
      served.set(key, startedMs)
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error
      reasons.add(error.reason)
      if (error.mayHaveApplied) tally.unsure++
      else tally.refused++
      await sleep(5)
    } finally {
      tally.slowestMs = Math.max(tally.slowestMs, performance.now() - startedMs)
    }
  }
  const load = Array.from({ length: callers }, async (_, at) => {
    for (let turn = at; !stopped; turn++) await countOnce(keys[turn % keys.length] ?? '')
  })
  // What goes wrong with the load itself ends the wait for it.
  const orFailure = (work: Promise<void>): Promise<unknown> => Promise.race([work, ...load])

  try {
    await orFailure(waitUntil(() => served.size === keys.length, { what: 'the load to run' }))
    await orFailure(fault())
    const healedMs = performance.now()
    const isServed = (): boolean => keys.every((key) => (served.get(key) ?? 0) > healedMs)
    await orFailure(waitUntil(isServed, { what: 'the store to serve again' }))
    recoveryMs = performance.now() - healedMs
  } finally {
    stopped = true
    await Promise.all(load)
  }
  return { ...tally, recoveryMs, reasons }
}

/** What is promised of every fault: no call outlives its deadline, no increment is counted twice, none that was answered is lost. */
export async function expectExact(
  cache: RootCache,
  report: LoadReport,
  keys: readonly string[] = ['count'],
): Promise<void> {
  const counts = await cache.getMany<number>(keys)
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  expect(total).toBeGreaterThanOrEqual(report.done)
  expect(total).toBeLessThanOrEqual(report.done + report.unsure)
}

/** Prints how long it took, for the one who reads the log. */
export function printRecovery(
  fault: string,
  { recoveryMs, slowestMs, ...tally }: LoadReport,
): void {
  console.log(
    `${fault}: served again after ${recoveryMs.toFixed(0)} ms; slowest call ${slowestMs.toFixed(0)} ms; ` +
      `${tally.done} done, ${tally.unsure} unsure, ${tally.refused} refused (${[...tally.reasons].join(', ')})`,
  )
}
