import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis, waitUntil, type RedisServer } from '@sluice/testkit'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { contention, faults, killRedis } from './history/faults.ts'
import { holdsOf } from './history/checker.ts'
import { seededRandom, type Random } from './history/random.ts'
import { startScene, type Scene } from './history/scene.ts'
import { nothing } from './history/steps.ts'

/** How many random schedules of each kind; `HISTORY_SEED` runs the first one again. */
const runs = Number(process.env['HISTORY_RUNS'] ?? 1)
const firstSeed = Number(process.env['HISTORY_SEED'] ?? randomInt(1, 2 ** 31))
const always = ['--appendonly', 'yes', '--appendfsync', 'always']

/** Eight workers, on a Redis of their own. */
async function sceneOf(args: readonly string[] = []): Promise<Scene> {
  const server = await startRedis({ args })
  onTestFinished(() => server.stop())
  const scene = await startScene({ server, workers: 8, ttlMs: 400 })
  onTestFinished(() => scene.stop())
  return scene
}

async function begin({ members }: Scene, options = contention): Promise<void> {
  await Promise.all(members.map(({ worker }) => worker.ask('begin', options)))
}

async function rest({ members }: Scene): Promise<void> {
  await Promise.all(members.map(({ worker }) => worker.ask('rest', {})))
}

describe('eight processes without faults', () => {
  it('never hold a lock at once, fences rise, and no update of what the lock guards is lost', async () => {
    const scene = await sceneOf()
    const holds = () => holdsOf(scene.recorder.history).length
    await begin(scene, { ...contention, workMs: 5 })
    await waitUntil(() => holds() > 100, { what: 'the lock to be taken often' })
    await rest(scene)
    expect(scene.verdict()).toEqual(nothing)
    expect(await scene.lostMarks('a')).toEqual([])
    expect(await scene.lostMarks('b')).toEqual([])
  })
})

describe('the checker fails', () => {
  let server: RedisServer
  let scene: Scene
  beforeAll(async () => {
    server = await startRedis()
    scene = await startScene({ server, workers: 3, ttlMs: 100 })
  })
  afterAll(async () => {
    await scene.stop()
    await server.stop()
  })

  /** The work sometimes takes longer than the lease, which nobody renews. */
  async function overlapsOf(kind: string): Promise<readonly string[]> {
    scene.recorder.clear()
    const client = { client: kind, kind, prefix: `${scene.prefix}:${kind}`, ttl: 60 }
    for (const { worker } of scene.members) {
      await worker.ask('open', { ...client, redis: { url: server.url } })
    }
    await begin(scene, { client: kind, locks: ['a'], wait: 2000, workMs: 120 })
    await sleep(800)
    await rest(scene)
    expect(holdsOf(scene.recorder.history).length).toBeGreaterThan(5)
    return scene.verdict().overlaps
  }

  it.each(['set-without-nx', 'delete-without-compare', 'no-deadline'])(
    'a lock made with %s',
    async (kind) => {
      const overlaps = await overlapsOf(kind)
      console.log(`${kind}: ${overlaps.length} overlaps, such as ${overlaps[0]}`)
      expect(overlaps).not.toEqual([])
    },
  )

  it('no lock that makes none of these mistakes', async () => {
    expect(await overlapsOf('sound')).toEqual([])
  })
})

describe('eight processes under random faults', () => {
  const seeds = Array.from({ length: runs }, (_, run) => firstSeed + run)

  it.each(seeds)(
    'never hold a lock at once on a Redis that loses nothing (HISTORY_SEED=%i)',
    async (seed) => {
      const scene = await runSchedule(seed, always, Infinity)
      expect(scene.verdict()).toEqual(nothing)
    },
    60_000,
  )

  it.each(seeds)(
    'have rising fences, and write nothing stale, on a Redis that forgets (HISTORY_SEED=%i)',
    async (seed) => {
      const scene = await runSchedule(seed, [], 4)
      const { overlaps, fences, staleWrites } = scene.verdict()
      console.log(`${overlaps.length} overlaps on a Redis that forgot`)
      expect({ fences, staleWrites }).toEqual({ fences: [], staleWrites: [] })
    },
    60_000,
  )
})

/** Faults in a row, some of them two at once; then all is well again, and so are the locks. */
async function runSchedule(seed: number, args: readonly string[], count: number): Promise<Scene> {
  const scene = await sceneOf(args)
  const random = seededRandom(seed)
  const steps = inOnesAndTwos(random.shuffled(Object.entries(faults)).slice(0, count), random)
  const kill: (typeof steps)[number] = [['Redis is killed, and starts again, twice', killRedis]]
  steps.splice(random.integer(steps.length + 1), 0, kill)
  await begin(scene)
  for (const step of steps) {
    console.log(`${seed}: ${step.map(([what]) => what).join(', and ')}`)
    await Promise.all(step.map(([, fault]) => fault(scene, random)))
    await sleep(random.integer(300))
  }
  await rest(scene)
  await expectWell(scene)
  return scene
}

function inOnesAndTwos<Item>(items: readonly Item[], random: Random): Item[][] {
  const steps: Item[][] = []
  for (const item of items) {
    const last = steps.at(-1)
    if (last?.length === 1 && random.integer(3) === 0) last.push(item)
    else steps.push([item])
  }
  return steps
}

/** Every attempt came to something, and whoever asks now is served within the stated time. */
async function expectWell({ recorder, members }: Scene): Promise<void> {
  const living = new Set(members.map(({ worker }) => worker.name))
  const ended = recorder.history.filter(({ type }) => ['ok', 'refused'].includes(type))
  const settled = new Set(ended.map(({ hold }) => hold))
  const asked = recorder.history.filter(
    ({ type, worker }) => type === 'invoke' && living.has(worker),
  )
  expect(asked.filter(({ hold }) => !settled.has(hold))).toEqual([])
  const codes = recorder.history.flatMap((event) => (event.type === 'refused' ? [event.code] : []))
  const known = ['SLUICE_LOCK_TIMEOUT', 'SLUICE_STORE_UNAVAILABLE']
  expect(codes.filter((code) => !known.includes(code))).toEqual([])
  for (const lock of contention.locks) {
    const asks = { client: 'own', lock, hold: `last ${lock}`, wait: 7500 }
    expect(await members[0]?.worker.ask('acquire', asks)).toBe('ok')
  }
  const holds = holdsOf(recorder.history).length
  console.log(`${asked.length} attempts, ${holds} holds, ${codes.length} refusals`)
}
