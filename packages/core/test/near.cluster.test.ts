import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '@sluice/core'
import { nearStore } from '@sluice/core/near'
import { redisStore } from '@sluice/core/redis'
import { storeContract } from '@sluice/core/testing'
import { clusterNodes, startCluster, uniquePrefix, waitUntil } from '@sluice/testkit'
import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5 } from 'ioredis5'
import { afterAll, describe, expect, it } from 'vitest'
import { slotOf } from '../src/slot.ts'
import { cacheSuite } from './cache-suite.ts'
import { kept, listening, listeningStore } from './near-subject.ts'
import { realSubject } from './real-subject.ts'

const clients = [
  new Cluster(clusterNodes()),
  new Cluster5(clusterNodes()),
  new Cluster(clusterNodes(), { keyPrefix: 'app{1}' }),
] as const
afterAll(() => clients.forEach((client) => client.disconnect()))

const stores: readonly [name: string, make: () => Store][] = [
  ['a list of nodes', () => redisStore({ cluster: clusterNodes() })],
  ['a Cluster of ioredis 6', () => redisStore(clients[0])],
  ['a Cluster of ioredis 5.4', () => redisStore(clients[1])],
  ['a Cluster with a keyPrefix of its own', () => redisStore(clients[2])],
]

describe.each(stores)('nearStore over %s', (_, make) => {
  describe('keeps the contract of a store', () => {
    const cases = storeContract(async () => {
      const near = nearStore(make())
      const subject = realSubject(near)
      await listening(near, subject.key('').slice(0, -1))
      return subject
    })
    for (const { name, run } of cases) it(name, run)
  })

  describe('is a cache', () => {
    const store = make()
    const opened: Store[] = []
    afterAll(async () => {
      for (const near of opened) await near.close()
    })
    cacheSuite(() => {
      const prefix = uniquePrefix('near')
      const near = listeningStore(store, prefix)
      opened.push(near)
      return { store: near, prefix, pass: (ms) => sleep(ms) }
    })
  })
})

/** A key of each master, in their order: each has a third of the slots. */
function keyOfEachMaster(prefix: string): string[] {
  const found = new Map<number, string>()
  for (let at = 0; found.size < 3; at++) {
    const key = `${prefix}:${at}`
    const third = Math.floor((slotOf(key) * 3) / 16_384)
    if (!found.has(third)) found.set(third, key)
  }
  return [0, 1, 2].map((third) => found.get(third) ?? '')
}

describe.each(['tracking', 'pubsub'] as const)('on a Cluster, told by %s', (source) => {
  it('a write is seen whichever master has the key, and getMany is served from memory', async () => {
    const prefix = uniquePrefix('near')
    const near = nearStore(redisStore({ cluster: clusterNodes() }), { source })
    const other = nearStore(redisStore({ cluster: clusterNodes() }), { source })
    await listening(near, prefix)
    const keys = keyOfEachMaster(prefix)
    await other.setMany(keys.map((key) => [key, 'old']))
    await kept(near, keys)
    const { misses } = near.nearStats()
    expect(await near.getMany(keys)).toEqual(['old', 'old', 'old'])
    expect(near.nearStats().misses).toBe(misses)
    for (const key of keys) {
      await other.set(key, 'new')
      const startedAtMs = performance.now()
      while ((await near.get(key)) !== 'new') {
        if (performance.now() - startedAtMs > 5000) throw new Error('never seen')
        await new Promise(setImmediate)
      }
      console.info(`${source}: seen after ${(performance.now() - startedAtMs).toFixed(2)} ms`)
    }
    await near.delete(keys)
    await near.close()
    await other.close()
  })
})

it('when a master fails over nothing is served from memory until its successor is listened to', async () => {
  await using cluster = await startCluster({ replicas: 1 })
  const nodes = cluster.ports.map((port) => ({ host: '127.0.0.1', port }))
  const near = nearStore(redisStore({ cluster: nodes }))
  const other = new Cluster(nodes)
  const prefix = uniquePrefix('near')
  try {
    await listening(near, prefix)
    const [key = ''] = keyOfEachMaster(prefix)
    await other.set(key, 'old')
    await kept(near, [key])
    expect(await near.get(key)).toBe('old')
    const startedAtMs = performance.now()
    await cluster.nodes[0]?.kill()
    const isLost = async (): Promise<boolean> => (await near.get(key).catch(() => '')) !== 'old'
    await waitUntil(isLost, { what: 'the loss of the link' })
    console.info(`nothing served any more after ${Math.round(performance.now() - startedAtMs)} ms`)
    const writes = async (): Promise<boolean> =>
      (await other.set(key, 'new').catch(() => '')) === 'OK'
    await waitUntil(writes, { what: 'the successor' })
    const reads = async (): Promise<boolean> => {
      const text = await near.get(key).catch(() => undefined)
      expect([undefined, 'new']).toContain(text)
      return text === 'new' && near.nearStats().serving
    }
    await waitUntil(reads, { what: 'the near store to serve again' })
    console.info(`serving again after ${Math.round(performance.now() - startedAtMs)} ms`)
    await kept(near, [key])
    await other.set(key, 'newest')
    await waitUntil(async () => (await near.get(key)) === 'newest', { what: 'the write' })
  } finally {
    other.disconnect()
    await near.close()
  }
}, 60_000)

it('a slot that moves to another master takes its coherence along', async () => {
  await using cluster = await startCluster()
  const nodes = cluster.ports.map((port) => ({ host: '127.0.0.1', port }))
  const near = nearStore(redisStore({ cluster: nodes }))
  const other = new Cluster(nodes)
  const admins = cluster.ports.map((port) => new Redis(port))
  const [from, to] = admins
  const prefix = uniquePrefix('near')
  try {
    await listening(near, prefix)
    const [key = ''] = keyOfEachMaster(prefix)
    const slot = slotOf(key)
    await other.set(key, 'old')
    await kept(near, [key])
    const ids = await Promise.all(admins.map((admin) => admin.call('CLUSTER', 'MYID')))
    await to?.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(ids[0]))
    await from?.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(ids[1]))
    await from?.call('MIGRATE', '127.0.0.1', cluster.ports[1] ?? 0, key, 0, 1000)
    await waitUntil(async () => (await near.get(key)) === 'old', { what: 'the read by ASK' })
    await other.set(key, 'during')
    await waitUntil(async () => (await near.get(key)) === 'during', { what: 'the write by ASK' })
    for (const admin of admins) await admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', String(ids[1]))
    for (const text of ['a', 'b', 'c']) {
      await other.set(key, text)
      await waitUntil(async () => (await near.get(key)) === text, { what: text, timeoutMs: 3000 })
    }
  } finally {
    for (const admin of admins) admin.disconnect()
    other.disconnect()
    await near.close()
  }
}, 60_000)
