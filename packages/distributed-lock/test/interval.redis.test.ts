import { redisStore } from '@sluice/core/redis'
import { redisUrl, uniquePrefix } from '@sluice/testkit'
import { expect, it, onTestFinished } from 'vitest'
import { createLocks, withLock } from '../src/index.ts'
import { openCache } from './shared-store.ts'

it('an interval in several processes does its work once a period, though their clocks differ', async () => {
  const prefix = uniquePrefix()
  const at: number[] = []
  const failures: unknown[] = []
  for (const afterMs of [0, 50, 100, 150]) {
    const locks = createLocks({ cache: openCache(redisStore({ url: redisUrl() }), prefix) })
    const sync = withLock(
      locks,
      { key: 'sync', onBusy: 'skip', holdAtLeast: '300ms' },
      async () => {
        at.push(performance.now())
      },
    )
    const tick = (): void => {
      sync().catch((error: unknown) => failures.push(error))
    }
    const begin = setTimeout(() => {
      const interval = setInterval(tick, 200)
      onTestFinished(() => clearInterval(interval))
    }, afterMs)
    onTestFinished(() => clearTimeout(begin))
  }
  await expect.poll(() => at.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(6)
  const pauses = at.slice(1).map((ms, n) => ms - (at[n] ?? ms))
  // Counted from the grant: the reply and the handler come later than that, by less or more on a loaded machine. Without
  // the hold it would be 50 ms.
  expect(Math.min(...pauses)).toBeGreaterThan(200)
  expect(failures).toEqual([])
})
