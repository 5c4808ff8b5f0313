import { clusterNodes, startCluster, startRedis, uniquePrefix } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fillShop, type Shop } from './fill-shop.ts'
import { inspectJson, ofPrefix, runSluice } from './run-sluice.ts'

const prefix = uniquePrefix('inspect')
const urls = (): string[] => clusterNodes().map(({ host, port }) => `redis://${host}:${port}`)
let shop: Shop
beforeAll(async () => {
  shop = await fillShop(prefix, { cluster: clusterNodes() })
})
afterAll(() => shop.close())

it('shows what all masters of a Cluster keep, whichever of its nodes is named', async () => {
  for (const url of urls()) {
    const report = await inspectJson(url, '--prefix', prefix)
    expect(report).toMatchObject({ isCluster: true, partial: false })
    expect(report.servers.map(({ address }) => address).toSorted()).toEqual(
      clusterNodes()
        .map(({ host, port }) => `${host}:${port}`)
        .toSorted(),
    )
    const own = ofPrefix(report, prefix)
    expect(own.namespaces.reduce((sum, { keys }) => sum + keys, 0)).toBe(63)
    expect(own.sessions).toMatchObject({ live: 7, signedIn: 4, users: 2 })
    expect(own.sessions.perUser.map(({ sessions }) => sessions)).toEqual([3, 1])
    expect(own.limits).toMatchObject({ counting: 9, nearFullCount: 5, blockedCount: 2 })
    expect(own.locks).toMatchObject({ held: 4, leases: 6, waiting: 2, remembered: 5 })
    expect(own.guard).toMatchObject({ fresh: 5, stale: 1, loading: 1, refreshing: 1, tags: 2 })
    expect(own.foreign.count).toBe(0)
  }
})

it('does with the rights that the guide names, by --cluster without INFO', async () => {
  const nodes = urls().map((url) => new Redis(url))
  const rights = `on >secret ~${prefix}:* ~${prefix}#* +@read +time +cluster|slots`
  await Promise.all(nodes.map((node) => node.call('ACL', 'SETUSER', prefix, ...rights.split(' '))))
  try {
    const url = (urls()[0] ?? '').replace('://', `://${prefix}:secret@`)
    const report = await inspectJson(url, '--prefix', prefix, '--cluster')
    expect(ofPrefix(report, prefix).sessions.live).toBe(7)
    expect(report.servers[0]).not.toHaveProperty('policy')
    expect((await runSluice(['inspect', `${url}/1`, '--cluster'])).stderr).toContain('database 0')
  } finally {
    await Promise.all(nodes.map((node) => node.call('ACL', 'DELUSER', prefix)))
    for (const node of nodes) node.disconnect()
  }
})

it('shows what is left when a master is gone, and which one is', async () => {
  await using cluster = await startCluster()
  const [first, second, third] = cluster.nodes
  for (const url of [first?.url ?? '', second?.url ?? '']) {
    const client = new Redis(url)
    for (let id = 0; id < 100; id++) await client.set(`left:${id}`, id).catch(() => undefined)
    client.disconnect()
  }
  await third?.kill()
  const { code, stdout, stderr } = await runSluice(['inspect', first?.url ?? ''])
  expect(code).toBe(2)
  expect(stdout).toContain('PARTIAL')
  expect(stdout).toContain(`127.0.0.1:${third?.port}\n  not looked at`)
  expect(stdout).toMatch(/left: \d\d keys/)
  expect(stderr).toContain(`Nothing listens on 127.0.0.1:${third?.port}`)
})

it('says of one server that it is no Cluster, and why a node refuses', async () => {
  await using redis = await startRedis({ args: ['--requirepass', 'right'] })
  const url = redis.url.replace('://', '://:right@')
  expect((await runSluice(['inspect', url, '--cluster'])).stderr).toContain('Leave --cluster out')
  const wrong = await runSluice(['inspect', redis.url, '--cluster'])
  expect(wrong.stderr).toContain('wants a password')
  await redis.kill()
  const gone = await runSluice(['inspect', url, '--cluster'])
  expect(gone.stderr).toContain('Nothing listens')
})
