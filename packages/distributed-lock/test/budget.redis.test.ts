import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { waitUntil } from '@sluice/testkit'
import type { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import type { Locks } from '../src/create-locks.ts'
import { countedLocks } from './counted-locks.ts'

/** How often Redis was asked to run a script, and what one run took, in µs. */
async function statsOf(admin: Redis) {
  const info = await admin.info('commandstats')
  const [, calls, micros] = /cmdstat_evalsha:calls=(\d+),.*usec_per_call=([\d.]+)/.exec(info) ?? []
  return { calls: Number(calls), micros: Number(micros) }
}

const inLine = (locks: Locks, count: number) => async (): Promise<boolean> =>
  (await locks.inspect('a')).waiting === count

describe('the budget', () => {
  it.each([10, 100, 1000])(
    '%i waiters cost four commands each at most, and come in order',
    async (waiters) => {
      const { admin, locks } = await countedLocks()
      const first = await locks.acquire('a')
      const order: number[] = []
      const turns = Array.from({ length: waiters }, (_, n) =>
        locks.run('a', () => order.push(n), { wait: '1m' }),
      )
      await waitUntil(inLine(locks, waiters), { what: 'the line' })
      await first.release()
      await Promise.all(turns)
      const { calls, micros } = await statsOf(admin)
      const each = calls / waiters
      console.log(`${waiters} waiters: ${each.toFixed(2)} scripts each, of ${micros.toFixed(1)} µs`)
      expect(order).toEqual(Array.from({ length: waiters }, (_, n) => n))
      // The first holder's two, and those of `inLine`, are not theirs.
      const ofThisTest = 12
      expect(calls).toBeLessThanOrEqual(4 * waiters + ofThisTest)
    },
  )

  it('100 000 locks leave nothing in the client, and in Redis fences that expire', async () => {
    const { admin, locks, timers } = await countedLocks()
    const take = async (from: number, to: number): Promise<void> => {
      for (let n = from; n < to; n += 500) {
        // One of ten waits for the one before it.
        const names = Array.from({ length: 500 }, (_, at) => n + at - (at % 10 === 1 ? 1 : 0))
        await Promise.all(names.map((name) => locks.run(`order:${name}`, () => name)))
      }
    }
    await take(0, 10_000)
    const before = heapBytes()
    await take(10_000, 110_000)
    const grownBytes = heapBytes() - before
    console.log(`the heap grew by ${(grownBytes / 1024).toFixed(0)} KiB`)
    expect(grownBytes).toBeLessThan(2 ** 20)
    // The end of listening may still be due.
    expect(timers.size).toBeLessThanOrEqual(1)
    const [, keys, expires] = /keys=(\d+),expires=(\d+)/.exec(await admin.info('keyspace')) ?? []
    expect(keys).toBe('99001')
    expect(expires).toBe(keys)
  }, 120_000)
})

/** What is in use after a collection of garbage. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
  return process.memoryUsage().heapUsed
}
