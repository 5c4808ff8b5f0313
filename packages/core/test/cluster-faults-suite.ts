import { setTimeout as sleep } from 'node:timers/promises'
import { createCache, StoreUnavailableError, type RootCache, type Store } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import {
  startCluster,
  startFaultProxy,
  startRedis,
  uniquePrefix,
  waitUntil,
  type RedisCluster,
} from '@sluice/testkit'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { clusterStore, eachNode, moveSlot } from './cluster-tools.ts'
import { expectExact, printRecovery, underLoad } from './fault-load.ts'

const commandTimeoutMs = 300
/** What a loaded machine of two cores may add to a deadline. */
const marginMs = 800

/** Keys that lie on all three masters. */
const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

/** What goes wrong in a Cluster that is counted in. */
export function clusterFaultsSuite(): void {
  // A cluster takes some seconds to start, and to agree on who is down.
  vi.setConfig({ testTimeout: 60_000 })

  const cleanups: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
  })
  const open = (store: Store): RootCache => {
    const cache = createCache({ store, prefix: uniquePrefix('cluster') })
    cleanups.push(() => cache.close())
    return cache
  }

  describe('Cluster:', () => {
    it.each(['killed', 'paused'] as const)(
      'when a master is %s its replica takes over, and nothing is counted twice',
      async (how) => {
        const cluster = await startCluster({ replicas: 1 })
        cleanups.push(() => cluster.stop())
        const cache = open(clusterStore(cluster, commandTimeoutMs))
        const report = await underLoad(
          cache,
          async () => {
            if (how === 'killed') await cluster.nodes[0]?.kill()
            else cluster.nodes[0]?.pause()
          },
          keys,
        )
        printRecovery(`Cluster: a master is ${how}`, report)
        expect(report.slowestMs).toBeLessThan(commandTimeoutMs + marginMs)
        // A Cluster that is down says so at once.
        expect(report.reasons).toContain('not-serving')
        const counts = await whenAllServe(() => cache.getMany<number>(keys))
        const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
        expect(total).toBeLessThanOrEqual(report.done + report.unsure)
      },
    )

    it('every command goes straight to the node of its key', async () => {
      const cluster = await startCluster()
      cleanups.push(() => cluster.stop())
      const cache = open(clusterStore(cluster, commandTimeoutMs))
      for (const key of keys) {
        await cache.set(key, 1)
        await cache.increment(key)
        await cache.get(key)
      }
      await cache.setMany(keys.map((key) => [key, 2]))
      await cache.getMany(keys)
      await cache.deleteMany(keys)
      const errors = await eachNode(cluster.ports, async (node) =>
        String(await node.info('errorstats')),
      )
      expect(errors.join('')).not.toContain('MOVED')
    })

    it('that has lost slots is not healthy, though its nodes answer', async () => {
      const cluster = await startCluster()
      cleanups.push(() => cluster.stop())
      const cache = open(clusterStore(cluster, commandTimeoutMs))
      expect(await cache.ping()).toBe(true)
      await cluster.nodes[0]?.kill()
      const isDown = async (): Promise<boolean> =>
        cache.getMany(keys).then(
          () => false,
          (error: unknown) =>
            error instanceof StoreUnavailableError && error.reason === 'not-serving',
        )
      await waitUntil(isDown, { what: 'the Cluster to be down', timeoutMs: 20_000 })
      await waitUntil(async () => !(await cache.ping()), { what: 'all nodes to know' })
      for (let asked = 0; asked < 10; asked++) expect(await cache.ping()).toBe(false)
      await cluster.nodes[0]?.restart()
      await waitUntil(() => cache.ping(), { what: 'the Cluster to be up', timeoutMs: 20_000 })
    })

    it('a slot that moves to another node while it is counted in loses and doubles nothing', async () => {
      const cluster = await startCluster()
      cleanups.push(() => cluster.stop())
      const cache = open(clusterStore(cluster, commandTimeoutMs))
      const names = ['{move}a', '{move}b', '{move}c', '{stay}d']
      const report = await underLoad(cache, () => moveTag(cluster, '{move}'), names)
      printRecovery('Cluster: a slot moves', report)
      expect([...report.reasons]).toEqual([])
      await expectExact(cache, report, names)
    })

    it('the connection to a node breaks when it has acted: nothing is sent again', async () => {
      const { proxy, port } = await startClusterOfOne()
      cleanups.push(proxy.stop)
      const store = redisStore({
        cluster: [{ host: '127.0.0.1', port }],
        commandTimeout: commandTimeoutMs,
      })
      const cache = open(store)
      const report = await underLoad(cache, async () => {
        for (let at = 0; at < 5; at++) {
          proxy.dropNextReply()
          await waitUntil(() => cache.ping(), { what: 'the node to answer again' })
        }
      })
      printRecovery('Cluster: replies are dropped', report)
      expect(report.unsure).toBeGreaterThan(0)
      expect(report.slowestMs).toBeLessThan(commandTimeoutMs + marginMs)
      await expectExact(cache, report)
    })
  })
}

/**
 * The nodes learn of a new master one by one: one that lags answers CLUSTERDOWN, or still names the dead one, for some
 * milliseconds after the others serve again.
 */
async function whenAllServe<Value>(read: () => Promise<Value>): Promise<Value> {
  const untilMs = performance.now() + 5000
  for (;;) {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || performance.now() > untilMs) throw error
      await sleep(25)
    }
  }
}

/** A node with all slots, which others reach through a proxy, since it announces that port as its own. */
async function startClusterOfOne(): Promise<{
  proxy: { dropNextReply(): void; stop(): Promise<unknown> }
  port: number
}> {
  const server = await startRedis({
    args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'],
  })
  const proxy = await startFaultProxy({ port: server.port })
  await eachNode([server.port], async (node) => {
    await node.config('SET', 'cluster-announce-port', proxy.port)
    await node.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383)
    await waitUntil(async () => String(await node.cluster('INFO')).includes('cluster_state:ok'), {
      what: 'the cluster to serve',
    })
  })
  const stop = (): Promise<unknown> => Promise.all([proxy.stop(), server.stop()])
  return { proxy: { dropNextReply: proxy.dropNextReply, stop }, port: proxy.port }
}

/** Moves the slot of a hash tag from its master to the next one, slowly enough to be met half done. */
async function moveTag(cluster: RedisCluster, tag: string): Promise<void> {
  const { ports } = cluster
  const [slot = 0] = await eachNode(ports.slice(0, 1), async (node) =>
    Number(await node.cluster('KEYSLOT', tag)),
  )
  const at = Math.min(2, Math.floor((slot * 3) / 16_384))
  const from = ports[at] ?? 0
  const to = ports[(at + 1) % 3] ?? 0
  await moveSlot({ slot, ports, from, to, pauseMs: 100 })
}
