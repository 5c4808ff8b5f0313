import { setTimeout as sleep } from 'node:timers/promises'
import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { startRedis, waitUntil } from '@sluice/testkit'
import { expect, onTestFinished } from 'vitest'
import { createLocks } from '../../src/index.ts'
import type { Verdict } from './checker.ts'
import type { Worker } from './crew.ts'
import { startScene, type Scene } from './scene.ts'

/** The verdict on a history that breaks nothing. */
export const nothing: Verdict = { overlaps: [], fences: [], staleWrites: [] }

/** The code of a store that does not answer. */
export const unavailable = 'SLUICE_STORE_UNAVAILABLE'

/** Workers on a Redis of their own. */
export async function sceneOf(
  ttlMs: number,
  workers = 2,
  args: readonly string[] = [],
): Promise<Scene> {
  const server = await startRedis({ args })
  onTestFinished(() => server.stop())
  const scene = await startScene({ server, workers, ttlMs })
  onTestFinished(() => scene.stop())
  return scene
}

/** The workers of a scene; the third is there only where it was started. */
export function crewOf({ members }: Scene): readonly [Worker, Worker, Worker] {
  const [a, b, c = b] = members.map(({ worker }) => worker)
  if (a === undefined || b === undefined || c === undefined) throw new Error('Nobody is there')
  return [a, b, c]
}

/** Takes a lock, which must be had, and answers how the hold is called. Asks again while Redis is not back. */
export async function take(
  worker: Worker,
  name: string,
  lock = 'a',
  client = 'own',
): Promise<string> {
  for (let n = 0; n < 40; n++) {
    const hold = n === 0 ? name : `${name}/${n}`
    const outcome = await worker.ask('acquire', { client, lock, wait: 8000, hold })
    if (outcome === 'ok') return hold
    expect(outcome).toBe(unavailable)
    await sleep(100)
  }
  throw new Error(`${name} was never granted`)
}

/** Works under a lock: both on what is guarded and on what is not. */
export async function work(worker: Worker, hold: string): Promise<void> {
  await worker.ask('read', { hold })
  await worker.ask('append', { hold })
  expect(await worker.ask('write', { hold })).toBe(true)
}

/** Whoever was overtaken: the register refuses its write, and the list has lost one that the other made. */
export async function expectFencedOut(scene: Scene, worker: Worker, hold: string): Promise<void> {
  expect(await worker.ask('write', { hold })).toBe(false)
  await worker.ask('append', { hold })
  expect(await scene.lostMarks('a')).not.toEqual([])
  expect(scene.verdict()).toMatchObject({ fences: [], staleWrites: [] })
}

/** Waits until so many stand in the line for the lock 'a'. */
export async function inLine({ server, prefix }: Scene, count: number): Promise<void> {
  await using cache = createCache({ store: redisStore({ url: server.url }), prefix })
  const locks = createLocks({ cache })
  await waitUntil(async () => (await locks.inspect('a')).waiting === count, { what: 'the line' })
}
