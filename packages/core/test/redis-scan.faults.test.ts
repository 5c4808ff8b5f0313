import { createCache, type Store } from '@sluice/core'
import { startCluster, startRedis, uniquePrefix, waitUntil } from '@sluice/testkit'
import { afterEach, expect, it, vi } from 'vitest'
import { clusterStore, eachNode, moveSlot } from './cluster-tools.ts'

// A cluster takes some seconds to start.
vi.setConfig({ testTimeout: 60_000 })

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function kept(store: Store): Store {
  cleanups.push(() => store.close())
  return store
}

it('a walk reaches every master of a Cluster, as the first call and after one has joined', async () => {
  const cluster = await startCluster()
  cleanups.push(() => cluster.stop())
  const prefix = uniquePrefix('scan')
  const entries = Array.from({ length: 300 }, (_, at) => [`{a}${at}`, at] as const)
  const more = Array.from({ length: 300 }, (_, at) => [`key:${at}`, at] as const)
  const writer = createCache({ store: kept(clusterStore(cluster, 1000)), prefix })
  await writer.setMany([...entries, ...more])

  const reader = createCache({ store: kept(clusterStore(cluster, 1000)), prefix })
  expect(await reader.countMatching('*')).toBe(600)

  const joined = await startRedis({
    args: ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'],
  })
  cleanups.push(() => joined.stop())
  const ports = [...cluster.ports, joined.port]
  await eachNode([joined.port], (node) =>
    node.call('CLUSTER', 'MEET', '127.0.0.1', cluster.ports[0] ?? 0),
  )
  await waitUntil(
    async () => {
      const infos = await eachNode(ports, async (node) => String(await node.cluster('INFO')))
      return infos.every(
        (info) => info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:4\r'),
      )
    },
    { what: 'the new node to be known' },
  )
  const [slot = 0] = await eachNode(ports.slice(0, 1), async (node) =>
    Number(await node.cluster('KEYSLOT', '{a}')),
  )
  const from = cluster.ports[Math.min(2, Math.floor((slot * 3) / 16_384))] ?? 0
  await moveSlot({ slot, ports, from, to: joined.port })

  // The reader has sent no command for that slot, so no MOVED has told it of the node.
  expect(await reader.countMatching('*')).toBe(600)
  expect(await reader.clear()).toBe(600)
  const left = await eachNode(ports, (node) => node.dbsize())
  expect(left).toEqual([0, 0, 0, 0])
})

it('a walk over a Cluster with a master down fails: it never passes for a complete one', async () => {
  const cluster = await startCluster()
  cleanups.push(() => cluster.stop())
  await eachNode(cluster.ports, (node) => node.config('SET', 'cluster-require-full-coverage', 'no'))
  const cache = createCache({ store: kept(clusterStore(cluster, 300)), prefix: 'down' })
  await cache.setMany(Array.from({ length: 100 }, (_, at) => [`key:${at}`, at] as const))
  await cluster.nodes[1]?.kill()
  await expect(cache.keysMatching('*')).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
  await expect(cache.clear()).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
})
