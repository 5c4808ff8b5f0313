import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil } from '@sluice/testkit'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { audit, startFleet, type Fleet } from './fleet.ts'
import { clockBehind, run, type ExampleProcess } from './worker-process.ts'

async function openFleet(env: NodeJS.ProcessEnv): Promise<Fleet> {
  const fleet = await startFleet(env)
  onTestFinished(() => fleet[Symbol.asyncDispose]())
  return fleet
}

/** Resolves when so many steps are in the ledger. */
async function stepsWritten(fleet: Fleet, count: number): Promise<void> {
  const isThere = async (): Promise<boolean> => (await fleet.ledger.entries()).length >= count
  await waitUntil(isThere, { what: `${count} steps are written` })
}

async function printed(worker: ExampleProcess, text: string): Promise<void> {
  await waitUntil(() => worker.output().includes(text), { what: `a worker says "${text}"` })
}

const active = (fleet: Fleet): Promise<number> => fleet.queue.getActiveCount()

describe('two workers, the clock of one behind', () => {
  let fleet: Fleet
  let workers: readonly [ExampleProcess, ExampleProcess]
  beforeAll(async () => {
    fleet = await startFleet({ CRON: '* * * * * *', LEASE: '1500ms', STEP: '40ms' })
    workers = await Promise.all([fleet.start(), fleet.start(clockBehind(300))])
  })
  afterAll(() => fleet[Symbol.asyncDispose]())

  it('make one report a tick', async () => {
    await waitUntil(async () => (await fleet.reports()).length >= 3, { what: 'three reports' })
    // Long enough for the one behind to come to the last tick too.
    await sleep(500)
    const ticks = (await fleet.reports()).map(({ at }) => at)
    expect(ticks).toEqual([...new Set(ticks)])
  })

  it('ship each of 100 orders once, though some are told twice and one worker is killed in the middle', async () => {
    expect(await fleet.add(100)).toContain('Added 100 orders, 20 of them twice')
    await stepsWritten(fleet, 100)
    workers[0].kill('SIGKILL')
    await fleet.idle()
    const books = await audit(fleet.ledger)
    expect(books).toMatchObject({ shippedOnce: 100, wrong: [], turnedAway: 0 })
    expect(books.pids).toEqual(new Set(workers.map(({ pid }) => pid)))
    expect(await fleet.queue.getFailedCount()).toBe(0)
  })

  it('lose nothing while Redis stands still for two seconds', async () => {
    await fleet.start()
    await fleet.add(40)
    await stepsWritten(fleet, 300 + 40)
    fleet.redis.pause()
    await sleep(2000)
    fleet.redis.resume()
    await fleet.idle()
    expect(await audit(fleet.ledger)).toMatchObject({ shippedOnce: 140, wrong: [] })
    expect(await fleet.queue.getFailedCount()).toBe(0)
  })
})

it('a worker stopped for longer than its lease, which then goes on, does no step twice', async () => {
  const fleet = await openFleet({ LEASE: '1s', STEP: '200ms' })
  const paused = await fleet.start()
  await fleet.add(5)
  await stepsWritten(fleet, 5)
  paused.kill('SIGSTOP')
  const other = await fleet.start()
  await fleet.idle()
  paused.kill('SIGCONT')
  await sleep(500)
  const books = await audit(fleet.ledger)
  expect(books).toMatchObject({ shippedOnce: 5, wrong: [], turnedAway: 0 })
  expect(books.pids).toEqual(new Set([paused.pid, other.pid]))
  paused.kill('SIGTERM')
  expect(await paused.ended).toEqual({ code: 0, signal: null })
})

describe('a worker that is told to end', () => {
  it('finishes what it has, takes no more, leaves no lock, and another leads', async () => {
    const fleet = await openFleet({ LEASE: '10s', STEP: '50ms' })
    const worker = await fleet.start()
    await printed(worker, 'watches the queue')
    await fleet.add(20)
    await stepsWritten(fleet, 10)
    worker.kill('SIGTERM')
    expect(await worker.ended).toEqual({ code: 0, signal: null })
    expect(await active(fleet)).toBe(0)
    expect(await fleet.heldLocks()).toEqual([])
    const { shippedOnce, wrong } = await audit(fleet.ledger)
    expect(wrong).toEqual([])
    expect(shippedOnce).toBeLessThan(20)

    const next = await fleet.start()
    await printed(next, 'watches the queue')
    await fleet.idle()
    expect(await audit(fleet.ledger)).toMatchObject({ shippedOnce: 20, turnedAway: 0 })
  })

  it('puts back what is not done by the deadline', async () => {
    const fleet = await openFleet({ STEP: '1h', SHUTDOWN: '500ms' })
    const worker = await fleet.start()
    await fleet.add(3)
    await waitUntil(async () => (await active(fleet)) >= 3, { what: 'three jobs are under way' })
    const startedMs = performance.now()
    worker.kill('SIGINT')
    expect(await worker.ended).toEqual({ code: 0, signal: null })
    expect(performance.now() - startedMs).toBeLessThan(3000)
    const { waiting, delayed, ...others } = await fleet.queue.getJobCounts(
      'waiting',
      'delayed',
      'active',
      'completed',
      'failed',
    )
    expect((waiting ?? 0) + (delayed ?? 0)).toBe(4)
    expect(others).toEqual({ active: 0, completed: 0, failed: 0 })
    expect(await fleet.heldLocks()).toEqual([])
  })

  it('ends at once on a second signal', async () => {
    const fleet = await openFleet({ STEP: '1h', SHUTDOWN: '1m' })
    const [one, other] = await Promise.all([fleet.start(), fleet.start()])
    await fleet.add(20)
    await waitUntil(async () => (await active(fleet)) === 10, { what: 'both have their jobs' })
    one.kill('SIGINT')
    other.kill('SIGTERM')
    for (const worker of [one, other]) await printed(worker, 'repeat to end at once')
    await sleep(600)
    one.kill('SIGINT')
    other.kill('SIGTERM')
    expect(await one.ended).toEqual({ code: 130, signal: null })
    expect(await other.ended).toEqual({ code: 143, signal: null })
  })
})

it.each([
  ['missing', {}, /REDIS_URL is not set.*Start one with "redis-server"/],
  [
    'not reachable',
    { REDIS_URL: 'redis://:secret@127.0.0.1:1' },
    /Nothing answers at 127\.0\.0\.1:1\. Start one with "redis-server"/,
  ],
])('a worker whose Redis is %s says so, with the fix', async (_what, env, message) => {
  await using worker = run('main', env)
  expect(await worker.ended).toEqual({ code: 1, signal: null })
  expect(worker.output()).toMatch(message)
  expect(worker.output()).not.toMatch(/\n\s+at |secret/)
})
