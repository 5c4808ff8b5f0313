import { redisStore } from '@sluice/core/redis'
import { startPair, waitUntil, type RedisPair } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createLocks, LockNotReplicatedError, type Locks, type LocksOptions } from '../src/index.ts'
import { openCache } from './shared-store.ts'

type Options = Omit<LocksOptions, 'cache'>

const locksOn = (port: number, options: Options): Locks =>
  createLocks({ cache: openCache(redisStore({ port }), 'replicated'), ...options })

async function setUp(options: Options) {
  const pair = await startPair()
  onTestFinished(() => pair.stop())
  const locks = locksOn(pair.primary.port, options)
  const isWarm = () =>
    locks
      .run('warm', () => true)
      .catch((error: unknown) => {
        if (error instanceof LockNotReplicatedError) return false
        throw error
      })
  await waitUntil(isWarm, { what: 'a first grant' })
  const client = new Redis(pair.primary.port).on('error', () => undefined)
  onTestFinished(() => client.disconnect())
  return { pair, locks, client }
}

/** The primary dies and its replica takes its place: locks of another process, which finds it there. */
async function failOver({ primary, replica }: RedisPair, options: Options): Promise<Locks> {
  await primary.kill()
  const client = new Redis(replica.port)
  await client.call('REPLICAOF', 'NO', 'ONE')
  client.disconnect()
  return locksOn(replica.port, options)
}

describe('a failover to a replica that was cut off', () => {
  it('makes a second holder where nobody waited for the replica', async () => {
    const { pair, locks } = await setUp({})
    pair.between.blackhole()
    const first = await locks.acquire('a')
    const others = await failOver(pair, {})
    const second = await others.acquire('a', { wait: 0 })
    first.assertHeld()
    second.assertHeld()
    expect(second.fence).toBeGreaterThan(first.fence)
  })

  it('makes none with replicas: 1, since the first was refused; the lock is free for others', async () => {
    const options = { replicas: 1, replicasTimeout: 500 }
    const { pair, locks } = await setUp(options)
    pair.between.blackhole()
    await expect(locks.acquire('a')).rejects.toMatchObject({
      code: 'SLUICE_LOCK_NOT_REPLICATED',
      cause: { reason: 'not-replicated' },
    })
    const isFree = async () => !(await locks.inspect('a')).held
    await waitUntil(isFree, { what: 'the grant to be given back', timeoutMs: 3000 })
    await expect(locks.acquireAll(['b', 'c'])).rejects.toMatchObject({
      code: 'SLUICE_LOCK_NOT_REPLICATED',
    })
    const others = await failOver(pair, { replicas: 0 })
    ;(await others.acquire('a', { wait: 0 })).assertHeld()
  })

  it('refuses whoever waited in the line, and a held lock is busy all the same', async () => {
    const { pair, locks } = await setUp({ replicas: 1, replicasTimeout: 500 })
    const holder = await locks.acquire('a')
    const waiting = locks.acquire('a').catch((error: unknown) => error)
    const isThere = async () => (await locks.inspect('a')).waiting === 1
    await waitUntil(isThere, { what: 'the waiter to stand in the line' })
    pair.between.blackhole()
    expect(await locks.tryAcquire('a')).toBeUndefined()
    await holder.release()
    expect(await waiting).toMatchObject({ code: 'SLUICE_LOCK_NOT_REPLICATED' })
  })
})

it('a Redis that stood still keeps nothing of an acquire that was given up', async () => {
  const { pair, locks } = await setUp({ replicas: 1, replicasTimeout: 50 })
  const others = locksOn(pair.primary.port, {})
  await (await others.acquire('warm')).release()
  pair.primary.pause()
  await expect(locks.acquire('a')).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
  pair.primary.resume()
  // What was asked is done now; then comes what frees it.
  await waitUntil(async () => (await others.inspect('a')).fence !== undefined, {
    what: 'the grant',
  })
  const isFree = async () => !(await others.inspect('a')).held
  await waitUntil(isFree, { what: 'the lock to be free', timeoutMs: 5000 })
})

it('a failover to a replica that has the grant leaves the lock with its holder', async () => {
  const { pair, locks } = await setUp({ replicas: 1 })
  const first = await locks.acquire('a')
  const others = await failOver(pair, {})
  await expect(others.acquire('a', { wait: 0 })).rejects.toMatchObject({ code: 'SLUICE_LOCK_BUSY' })
  first.assertHeld()
})

it('a replica costs one command more for each grant', async () => {
  const { locks, client } = await setUp({ replicas: 1 })
  await client.config('RESETSTAT')
  for (let at = 0; at < 10; at++) await (await locks.acquire('a')).release()
  const calls = async (command: string): Promise<number> => {
    const stats = await client.info('commandstats')
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
  }
  expect([await calls('evalsha'), await calls('wait')]).toEqual([20, 10])
})
