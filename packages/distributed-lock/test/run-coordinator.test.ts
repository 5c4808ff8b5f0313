import { describe, expect, it } from 'vitest'
import { runCoordinatorBy } from '../src/run-coordinator.ts'
import { fixture } from './fixture.ts'

const fire = 'nightly:2026-01-01T03:00:00.000Z'

describe('a coordinator of scheduled runs', () => {
  it('elects one process a fire, and elects anew for the next', async () => {
    const { time, locks } = fixture()
    const processes = Array.from({ length: 3 }, () => runCoordinatorBy(time, locks))
    for (const key of [fire, fire.replace('03', '04')]) {
      const asked = await Promise.all(processes.map(({ shouldRun }) => shouldRun(key, 30_000)))
      expect(asked.filter(Boolean)).toEqual([true])
    }
  })

  it('remembers a fire for its time, so that a clock behind does not run it again', async () => {
    const { time, locks } = fixture()
    const { shouldRun } = runCoordinatorBy(time, locks, { ttl: '2m' })
    expect(await shouldRun(fire, 30_000)).toBe(true)
    for (let second = 1; second < 120; second++) {
      await time.advance(1000)
      expect(await shouldRun(fire, 30_000), `after ${second} s`).toBe(false)
    }
    await time.advance(1000)
    expect(await locks.inspect(`cron:${fire}`)).toMatchObject({ held: false })
    expect(time.timers()).toBe(0)
  })

  it('remembers a fire for as long when its process ends', async () => {
    const { time, locks } = fixture()
    const { shouldRun } = runCoordinatorBy(time, locks, { ttl: '2m' })
    await shouldRun(fire, 30_000)
    time.block(119_999)
    expect(await shouldRun(fire, 30_000)).toBe(false)
  })

  it('remembers a fire for as long as a job may run', async () => {
    const { time, locks } = fixture()
    const { shouldRun } = runCoordinatorBy(time, locks, { ttl: '2m' })
    await shouldRun(fire, 600_000)
    await time.advance(599_000)
    expect(await shouldRun(fire, 600_000)).toBe(false)
  })

  it('lets nobody run while the store does not answer', async () => {
    const { time, locks, failAlways } = fixture()
    failAlways('acquire', 'lost-request')
    await expect(runCoordinatorBy(time, locks).shouldRun(fire, 30_000)).rejects.toMatchObject({
      code: 'SLUICE_STORE_UNAVAILABLE',
    })
  })

  it('is not made of options that cannot be meant', () => {
    const { time, locks } = fixture()
    expect(() => runCoordinatorBy(time, locks, { ttl: '8d' })).toThrow('"ttl"')
    const unknown: object = { keep: '1m' }
    expect(() => runCoordinatorBy(time, locks, unknown)).toThrow('no option "keep"')
  })
})
