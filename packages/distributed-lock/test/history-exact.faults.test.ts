import { setTimeout as sleep } from 'node:timers/promises'
import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { startFaultProxy, startSentinel, waitUntil } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createLocks } from '../src/index.ts'
import { nowMs } from './history/events.ts'
import { startScene, type Scene } from './history/scene.ts'
import {
  crewOf,
  expectFencedOut,
  inLine,
  nothing,
  sceneOf,
  take,
  unavailable,
  work,
} from './history/steps.ts'

/** The README states it: for whom the line moves on by itself, if nobody tells. */
const livenessMs = 7000

describe('a holder', () => {
  it('stopped past its ttl is told within 100 ms of its return, and its stale write is refused', async () => {
    const scene = await sceneOf(500)
    const [a, b] = crewOf(scene)
    await take(a, 'stopped')
    await a.ask('read', { hold: 'stopped' })
    a.pause()
    await take(b, 'next')
    await work(b, 'next')
    const resumedMs = nowMs()
    a.resume()
    const lost = await scene.recorder.event('lost', ({ hold }) => hold === 'stopped')
    console.log(`told ${(lost.atMs - resumedMs).toFixed(1)} ms after SIGCONT`)
    expect(lost.atMs - resumedMs).toBeLessThan(100)
    expect(await a.ask('assertHeld', { hold: 'stopped' })).toBe('SLUICE_LOCK_LOST')
    await expectFencedOut(scene, a, 'stopped')
    expect(await a.ask('release', { hold: 'stopped' })).toBe('expired')
    expect(await b.ask('assertHeld', { hold: 'next' })).toBe('held')
    expect(scene.verdict()).toEqual(nothing)
  })

  it('whose event loop is blocked past its ttl is told at the next line', async () => {
    const scene = await sceneOf(500)
    const [a, b] = crewOf(scene)
    await take(a, 'blocked')
    await a.ask('read', { hold: 'blocked' })
    const blocked = a.ask('block', { hold: 'blocked', ms: 900 })
    await take(b, 'next')
    await work(b, 'next')
    expect(await blocked).toBe('SLUICE_LOCK_LOST')
    await expectFencedOut(scene, a, 'blocked')
    expect(scene.verdict()).toEqual(nothing)
  })

  it('that is killed costs the first in the line the rest of its ttl', async () => {
    const scene = await sceneOf(600)
    const [a, b] = crewOf(scene)
    await take(a, 'killed')
    const next = take(b, 'next')
    await inLine(scene, 1)
    const killedMs = nowMs()
    await a.kill()
    await next
    const tookMs = nowMs() - killedMs
    console.log(`served ${tookMs.toFixed(0)} ms after kill -9 of the holder, of a ttl of 600 ms`)
    expect(tookMs).toBeLessThan(600 + 300)
    expect(scene.verdict()).toEqual(nothing)
  })
})

describe('a waiter', () => {
  it('that is killed at the head of the line costs those behind it seven seconds at most', async () => {
    const scene = await sceneOf(500, 3)
    const [a, b, c] = crewOf(scene)
    await take(a, 'first')
    void b.ask('acquire', { client: 'own', lock: 'a', hold: 'killed', wait: 8000 })
    await inLine(scene, 1)
    const third = take(c, 'third')
    await inLine(scene, 2)
    await b.kill()
    const releasedMs = nowMs()
    await a.ask('release', { hold: 'first' })
    await third
    console.log(`served ${(nowMs() - releasedMs).toFixed(0)} ms after the release`)
    expect(nowMs() - releasedMs).toBeLessThan(livenessMs)
    expect(scene.verdict()).toEqual(nothing)
  })
})

describe('a Redis that stands still for four times the ttl', () => {
  it('is told to the holder before the lease can end, and nothing hangs', async () => {
    const scene = await sceneOf(800)
    const [a, b] = crewOf(scene)
    await a.ask('open', {
      client: 'long',
      prefix: scene.prefix,
      ttl: 20_000,
      redis: { url: scene.server.url },
    })
    await take(a, 'held')
    await take(a, 'long', 'b', 'long')
    // The next renewal is a third of the ttl away.
    expect(await a.ask('extend', { hold: 'held' })).toBe('kept')
    const endMs = await endOfLeaseMs(scene, 'a')
    scene.server.pause()
    const pausedMs = nowMs()
    const refused = b.ask('acquire', { client: 'own', lock: 'c', hold: 'refused', wait: 300 })
    expect(await a.ask('release', { hold: 'long' })).toBe(unavailable)
    expect(await refused).toBe(unavailable)
    console.log(`release and acquire settled ${(nowMs() - pausedMs).toFixed(0)} ms after the stop`)
    expect(nowMs() - pausedMs).toBeLessThan(2000)

    const lost = await scene.recorder.event('lost', ({ hold }) => hold === 'held')
    const marginMs = endMs - lost.atMs
    console.log(`told ${marginMs.toFixed(1)} ms before the lease of 800 ms could end`)
    expect(marginMs).toBeGreaterThan(0)
    expect(await a.ask('release', { hold: 'held' })).toBe('expired')
    await sleep(pausedMs + 4 * 800 - nowMs())
    scene.server.resume()
    await take(b, 'next')
    await take(b, 'freed', 'b')
    expect(scene.verdict()).toEqual(nothing)
  })
})

describe('a Redis that is killed and starts again', () => {
  it('empty, may let a second one in: its fence is higher, and a stale write is refused', async () => {
    const scene = await sceneOf(4000)
    const [a, b] = crewOf(scene)
    await take(a, 'first')
    await a.ask('read', { hold: 'first' })
    await scene.server.restart()
    await work(b, await take(b, 'second'))
    await expectFencedOut(scene, a, 'first')
    console.log(`both were valid: ${scene.verdict().overlaps.length > 0}`)
    const lost = await scene.recorder.event('lost', (event) => event.hold === 'first')
    expect(['gone', 'deadline']).toContain(lost.reason)
  })

  it('with all that it had confirmed, lets nobody in until the first is done', async () => {
    const scene = await sceneOf(4000, 2, ['--appendonly', 'yes', '--appendfsync', 'always'])
    const [a, b] = crewOf(scene)
    await take(a, 'first')
    const second = take(b, 'second')
    await inLine(scene, 1)
    await scene.server.restart()
    // A renewal has come through since: it moved the deadline.
    const restartedMs = nowMs()
    await scene.recorder.event(
      'kept',
      (event) => event.hold === 'first' && event.deadlineMs > restartedMs + 3500,
    )
    expect(await a.ask('assertHeld', { hold: 'first' })).toBe('held')
    expect(await a.ask('release', { hold: 'first' })).toBe('released')
    await second
    expect(scene.verdict()).toEqual(nothing)
  })
})

describe('a failover to a replica that has not heard of the lease', () => {
  it('lets a second one in: its fence is higher, and a stale write is refused', async () => {
    await using set = await startSentinel()
    await using link = await startFaultProxy({ port: set.primary.port })
    await follow(set.replica.url, link.port)
    const scene = await startScene({ server: set.primary, workers: 2, ttlMs: 500 })
    onTestFinished(() => scene.stop())
    const [a, b] = crewOf(scene)
    const { prefix } = scene
    const redis = { name: set.name, sentinels: set.sentinels }
    for (const worker of [a, b]) {
      await worker.ask('open', { client: 'set', prefix, ttl: 15_000, redis })
      await take(worker, `warm ${worker.name}`, `warm ${worker.name}`, 'set')
    }
    const careful = { client: 'careful', prefix, ttl: 15_000, redis, replicas: 1 }
    await a.ask('open', careful)
    await take(a, 'warm careful', 'warm careful', 'careful')
    link.blackhole()
    // Who asks for a replica's word is not let in at all.
    const asks = { client: 'careful', lock: 'b', hold: 'careful', wait: 0 }
    expect(await a.ask('acquire', asks)).toBe('SLUICE_LOCK_NOT_REPLICATED')
    await take(a, 'first', 'a', 'set')
    await a.ask('read', { hold: 'first' })
    await set.primary.kill()
    await work(b, await take(b, 'second', 'a', 'set'))
    await expectFencedOut(scene, a, 'first')
    console.log(`both were valid: ${scene.verdict().overlaps.length > 0}`)
    expect(await a.ask('release', { hold: 'first' })).not.toBe('released')
  }, 40_000)
})

/** The earliest moment at which the lease can end. Redis goes by this machine's clock, in whole ms. */
async function endOfLeaseMs({ server, prefix }: Scene, lock: string): Promise<number> {
  await using cache = createCache({ store: redisStore({ url: server.url }), prefix })
  await cache.ping()
  const askedMs = nowMs()
  const { remainingMs } = await createLocks({ cache }).inspect(lock)
  return askedMs + remainingMs - 1
}

/** Makes a replica listen to its primary through a proxy, and waits until it has all that it says. */
async function follow(url: string, port: number): Promise<void> {
  const replica = new Redis(url)
  await replica.replicaof('127.0.0.1', port)
  await waitUntil(
    async () => {
      const info = await replica.info('replication')
      return info.includes(`master_port:${port}`) && info.includes('master_link_status:up')
    },
    { what: 'the replica to follow' },
  )
  replica.disconnect()
}
