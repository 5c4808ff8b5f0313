import { redisStore } from '@sluice/core/redis'
import { redisUrl, startRedis, uniquePrefix } from '@sluice/testkit'
import { schedule, type RunCoordinator, type TaskContext } from 'node-cron'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createLocks, runCoordinator } from '../src/index.ts'
import { openCache } from './shared-store.ts'

/** A schedule of every second in one of several processes. */
function everySecond(runCoordinator: RunCoordinator) {
  const fires: string[] = []
  const skipped: unknown[] = []
  const task = schedule(
    '* * * * * *',
    ({ date }: TaskContext) => void fires.push(date.toISOString()),
    {
      name: 'tick',
      distributed: true,
      runCoordinator,
      // It says there what the test expects.
      logger: { info: ignore, warn: ignore, error: ignore, debug: ignore },
    },
  )
  task.on('execution:skipped', ({ reason }) => void skipped.push(reason))
  onTestFinished(async () => {
    await task.destroy()
  })
  return { fires, skipped }
}

const ignore = (): void => undefined

describe('node-cron with a coordinator on Redis', () => {
  it('runs every fire once, in one process or the other', async () => {
    const prefix = uniquePrefix()
    const processes = Array.from({ length: 3 }, () => {
      const cache = openCache(redisStore({ url: redisUrl() }), prefix)
      return everySecond(runCoordinator(createLocks({ cache })))
    })
    const fires = () => processes.flatMap((one) => one.fires)
    const skipped = () => processes.flatMap((one) => one.skipped)
    await expect.poll(() => fires().length, { timeout: 15_000 }).toBeGreaterThanOrEqual(4)
    expect(new Set(fires()).size).toBe(fires().length)
    await expect.poll(() => skipped().length).toBeGreaterThanOrEqual(6)
    expect(new Set(skipped())).toEqual(new Set(['not-elected']))
  })

  it('does not run a fire again for a process whose clock is behind', async () => {
    const prefix = uniquePrefix()
    const [ours, theirs] = [1, 2].map(() =>
      runCoordinator(createLocks({ cache: openCache(redisStore({ url: redisUrl() }), prefix) })),
    )
    const fire = 'tick:2026-01-01T03:00:00.000Z'
    expect(await ours?.shouldRun(fire, 100)).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await theirs?.shouldRun(fire, 100)).toBe(false)
    expect(await theirs?.shouldRun(fire.replace('03', '04'), 100)).toBe(true)
  })

  it('runs nothing while Redis is away, and goes on when it is back', async () => {
    await using server = await startRedis()
    const cache = openCache(redisStore({ url: server.url }), 'cron')
    await cache.ping()
    server.pause()
    const { fires, skipped } = everySecond(runCoordinator(createLocks({ cache })))
    await expect.poll(() => skipped.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(2)
    expect(skipped).toEqual(skipped.map(() => 'coordinator-error'))
    expect(fires).toEqual([])
    server.resume()
    await expect.poll(() => fires.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(1)
  })
})
