import { setTimeout as sleep } from 'node:timers/promises'
import { createCache, type RootCache, type Store, type StoreUnavailableError } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import {
  startCluster,
  startSentinel,
  uniquePrefix,
  waitUntil,
  type RedisCluster,
} from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { clusterStore, eachNode } from './cluster-tools.ts'
import { expectExact, printRecovery, underLoad } from './fault-load.ts'

// A set of servers takes some seconds to start, and to agree on who is down.
vi.setConfig({ testTimeout: 60_000 })

const commandTimeoutMs = 300
/** What a loaded machine of two cores may add to a deadline. */
const marginMs = 800

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function open(store: Store): RootCache {
  const cache = createCache({ store, prefix: uniquePrefix('failover') })
  cleanups.push(() => cache.close())
  return cache
}

/** The first connection to a whole Cluster may take longer than one command on a loaded machine. */
async function connected(store: Store): Promise<RootCache> {
  const cache = open(store)
  await waitUntil(() => cache.ping(), { what: 'the first connection' })
  return cache
}

/** Keys that lie on all three masters. */
const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

describe('Sentinel:', () => {
  it.each(['killed', 'paused'] as const)(
    'when the primary is %s its replica takes over, and nothing is counted twice',
    async (how) => {
      const set = await startSentinel()
      cleanups.push(() => set.stop())
      const { name, sentinels } = set
      const cache = open(redisStore({ sentinels, name, commandTimeout: commandTimeoutMs }))
      const report = await underLoad(cache, async () => {
        if (how === 'killed') await set.primary.kill()
        else set.primary.pause()
      })
      printRecovery(`Sentinel: the primary is ${how}`, report)
      expect(report.slowestMs).toBeLessThan(commandTimeoutMs + marginMs)
      // What the replica had not got is lost: replication is asynchronous. Twice is what it never is.
      expect(await cache.get('count')).toBeLessThanOrEqual(report.done + report.unsure)
      const replica = new Redis(set.replica.url)
      expect(await replica.role()).toContain('master')
      replica.disconnect()
    },
  )

  it('a sentinel that takes connections and says nothing is passed over', async () => {
    const set = await startSentinel()
    const { port } = set.sentinels[0] ?? { port: 0 }
    cleanups.push(() => set.stop())
    const silent = await startSilentServer()
    cleanups.push(silent.stop)
    const sentinels = [
      { host: '127.0.0.1', port: silent.port },
      { host: '127.0.0.1', port },
    ]
    const cache = open(redisStore({ sentinels, name: set.name, connectTimeout: 300 }))
    const report = await underLoad(cache, async () => undefined)
    printRecovery('Sentinel: the first sentinel is silent', report)
  })
})

describe('Cluster:', () => {
  describe('with one node down', () => {
    it.each(['killed', 'paused'] as const)(
      'and %s, a batch names exactly its keys and the others were done',
      async (how) => {
        const cluster = await startCluster()
        cleanups.push(() => cluster.stop())
        await eachNode(cluster.ports, (node) =>
          node.config('SET', 'cluster-require-full-coverage', 'no'),
        )
        const cache = await connected(clusterStore(cluster, commandTimeoutMs))
        const entries = Array.from({ length: 300 }, (_, at) => [`key:${at}`, at] as const)
        const all = entries.map(([key]) => key)
        await cache.setMany(entries)
        const down = await keysOf(cluster, 0, await baseOf(cache))
        expect(down.length).toBeGreaterThan(20)
        if (how === 'killed') await cluster.nodes[0]?.kill()
        else cluster.nodes[0]?.pause()

        const startedMs = performance.now()
        const unsure: unknown[] = []
        for (const call of [
          () => cache.getMany(all),
          () => cache.setMany(all.map((key) => [key, 'new'])),
          () => cache.getMany(all),
        ]) {
          const error = await call().then(
            () => undefined,
            (failure: StoreUnavailableError) => failure,
          )
          expect(error).toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
          expect([...(error?.keys ?? [])].toSorted()).toEqual(down)
          unsure.push(error?.mayHaveApplied)
        }
        // What a paused node was sent it may do yet.
        expect(how === 'killed' || unsure[0]).toBe(true)
        const up = all.filter((key) => !down.includes(key))
        expect([...(await cache.getMany(up)).values()]).toEqual(up.map(() => 'new'))
        expect(await cache.deleteMany(up)).toBe(up.length)
        console.log(
          `Cluster, one node ${how}: ${down.length} of 300 keys named, four batches in ` +
            `${(performance.now() - startedMs).toFixed(0)} ms`,
        )
      },
    )

    it('that is silent, calls to the others go on, and calls to it soon fail at once', async () => {
      const cluster = await startCluster()
      cleanups.push(() => cluster.stop())
      await eachNode(cluster.ports, (node) =>
        node.config('SET', 'cluster-require-full-coverage', 'no'),
      )
      const cache = await connected(clusterStore(cluster, commandTimeoutMs))
      const all = Array.from({ length: 60 }, (_, at) => `key:${at}`)
      await cache.setMany(all.map((key) => [key, 1]))
      const down = new Set(await keysOf(cluster, 0, await baseOf(cache)))
      cluster.nodes[0]?.pause()
      const outcomes = await Promise.all(
        all.map(async (key) => {
          const reason = await cache
            .get(key)
            .then(String, (error: StoreUnavailableError) => error.reason)
          return [down.has(key), reason] as const
        }),
      )
      expect(new Set(outcomes.filter(([isDown]) => !isDown).map(([, got]) => got))).toEqual(
        new Set(['1']),
      )
      expect(new Set(outcomes.filter(([isDown]) => isDown).map(([, got]) => got))).toEqual(
        new Set(['timeout']),
      )
      for (const key of all) {
        const startedMs = performance.now()
        const got = await cache
          .get(key)
          .then(String, (error: StoreUnavailableError) => error.reason)
        expect(got).toBe(down.has(key) ? 'breaker-open' : '1')
        expect(performance.now() - startedMs).toBeLessThan(100)
      }
    })
  })

  it('all nodes down and up again: calls fail in time, service resumes', async () => {
    const cluster = await startCluster()
    cleanups.push(() => cluster.stop())
    const cache = open(clusterStore(cluster, commandTimeoutMs))
    const report = await underLoad(
      cache,
      async () => {
        for (const node of cluster.nodes) node.pause()
        await sleep(3000)
        for (const node of cluster.nodes) node.resume()
      },
      keys,
    )
    printRecovery('Cluster: every node is paused for 3 s', report)
    expect(report.slowestMs).toBeLessThan(commandTimeoutMs + marginMs)
    await expectExact(cache, report, keys)
  })
})

async function baseOf(cache: RootCache): Promise<string> {
  for await (const { keys: found } of cache.store.scan('*:key:1')) {
    const [key] = found
    if (key !== undefined) return key.slice(0, -'key:1'.length)
  }
  throw new Error('The cache has no key:1.')
}

async function keysOf(cluster: RedisCluster, at: number, base: string): Promise<readonly string[]> {
  const node = new Redis(cluster.ports[at] ?? 0)
  const found = await node.keys(`${base}*`)
  node.disconnect()
  return found.map((key) => key.slice(base.length)).toSorted()
}

async function startSilentServer(): Promise<{ port: number; stop: () => Promise<void> }> {
  const { createServer } = await import('node:net')
  const sockets = new Set<{ destroy(): unknown }>()
  const server = createServer((socket) => void sockets.add(socket.resume()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
