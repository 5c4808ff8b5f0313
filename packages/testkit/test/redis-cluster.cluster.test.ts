import { clusterNodes, startCluster, uniquePrefix, waitUntil } from '@sluice/testkit'
import { Cluster, Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'

async function masterOf(client: Cluster, key: string): Promise<number> {
  const slot = Number(await client.cluster('KEYSLOT', key))
  return Math.floor(slot / (16_384 / 3))
}

describe('the shared cluster', () => {
  it('serves the keys of all three masters', async () => {
    const client = new Cluster(clusterNodes())
    onTestFinished(() => client.disconnect())
    const prefix = uniquePrefix('testkit')
    const served = new Set<number>()
    for (let i = 0; i < 60; i++) {
      const key = `${prefix}:${i}`
      await client.set(key, i, 'PX', 60_000)
      expect(await client.get(key)).toBe(String(i))
      served.add(await masterOf(client, key))
    }
    expect(served).toEqual(new Set([0, 1, 2]))
  })

  it('is seen alike by every node', async () => {
    const views = await Promise.all(
      clusterNodes().map(async ({ host, port }) => {
        const node = new Redis(port, host)
        onTestFinished(() => node.disconnect())
        return JSON.stringify(await node.cluster('SLOTS'))
      }),
    )
    const ports = clusterNodes().map(({ port }) => port)
    for (const view of views) for (const port of ports) expect(view).toContain(String(port))
  })
})

describe('a cluster with replicas', () => {
  it('serves every slot again after a master was killed', async () => {
    await using cluster = await startCluster({ replicas: 1 })
    expect(cluster.nodes).toHaveLength(6)
    const survivor = new Redis(cluster.ports[1] ?? 0)
    onTestFinished(() => survivor.disconnect())

    await cluster.nodes[0]?.kill()
    const isReplaced = async (): Promise<boolean> => {
      const nodes = String(await survivor.cluster('NODES'))
      const info = String(await survivor.cluster('INFO'))
      const promoted = nodes.split('\n').find((line) => line.includes(`:${cluster.ports[3]}@`))
      return promoted?.includes('master') === true && info.includes('cluster_state:ok')
    }
    await waitUntil(isReplaced, { what: 'the replica of the first master to be promoted' })
  }, 60_000)
})
