import { Redis } from 'ioredis'
import { replicaInSync, SYNC_AT_ONCE } from './replica-in-sync.ts'
import { startRedis } from './redis-server.ts'
import type { RedisServer } from './redis-server.ts'
import { waitUntil } from './wait-until.ts'

/** A real Redis Cluster of three masters. */
export interface RedisCluster extends AsyncDisposable {
  /** The three masters in the order of their slots, then the replica of each, if there are any. */
  readonly nodes: readonly RedisServer[]
  /** The ports of `nodes`, in the same order. */
  readonly ports: readonly number[]
  stop(): Promise<void>
}

/** How to start a cluster. */
export interface RedisClusterOptions {
  /** Replicas of each master: 0 starts in about 2 s, 1 in about 5 s. Default 0. */
  readonly replicas?: 0 | 1
}

const MASTERS = 3
const SLOTS = 16_384

/**
 * Starts a Cluster on which every node agrees that it is complete. A master counts as failed after one second.
 *
 * @example
 * await using cluster = await startCluster()
 * const client = new Cluster(cluster.ports.map((port) => ({ host: '127.0.0.1', port })))
 */
export async function startCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const count = MASTERS * (1 + (options.replicas ?? 0))
  const nodes = await Promise.all(Array.from({ length: count }, startNode))
  const stop = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.stop())))
  const clients = nodes.map((node) => new Redis(node.port))
  try {
    await join(clients)
    return { nodes, ports: nodes.map((node) => node.port), stop, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  } finally {
    for (const client of clients) client.disconnect()
  }
}

function startNode(): Promise<RedisServer> {
  return startRedis({
    args: ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', ...SYNC_AT_ONCE],
  })
}

async function join(clients: readonly Redis[]): Promise<void> {
  await assignSlots(clients.slice(0, MASTERS))
  await meet(clients)
  await eachSays(clients, 'INFO', 'that all nodes know each other', (info) =>
    info.includes(`cluster_known_nodes:${clients.length}\r`),
  )
  await replicate(clients)
  await eachSays(clients, 'NODES', 'that the replicas are known', (text) =>
    isWhole(text, clients.length),
  )
  await eachSays(clients, 'INFO', 'that every slot is served', (info) =>
    ['cluster_state:ok', `cluster_slots_ok:${SLOTS}`, `cluster_size:${MASTERS}`].every((line) =>
      info.includes(`${line}\r`),
    ),
  )
}

async function assignSlots(masters: readonly Redis[]): Promise<void> {
  const bound = (master: number): number => Math.round((master * SLOTS) / MASTERS)
  await Promise.all(
    masters.map(async (master, index) => {
      await master.call('CLUSTER', 'ADDSLOTSRANGE', bound(index), bound(index + 1) - 1)
      // Distinct epochs, set before the nodes meet, spare them the resolution of a collision.
      await master.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
    }),
  )
}

async function meet([first, ...others]: readonly Redis[]): Promise<void> {
  for (const other of others) {
    await first?.call('CLUSTER', 'MEET', '127.0.0.1', String(other.options.port))
  }
}

async function replicate(clients: readonly Redis[]): Promise<void> {
  const replicas = clients.slice(MASTERS)
  for (const [index, replica] of replicas.entries()) {
    const master = await clients[index]?.call('CLUSTER', 'MYID')
    await replica.call('CLUSTER', 'REPLICATE', String(master))
  }
  await Promise.all(replicas.map(replicaInSync))
}

function isWhole(clusterNodes: string, count: number): boolean {
  const lines = clusterNodes.trim().split('\n')
  const replicas = lines.filter((line) => /\bslave\b/.test(line)).length
  return (
    lines.length === count && replicas === count - MASTERS && !/handshake|fail/.test(clusterNodes)
  )
}

async function eachSays(
  clients: readonly Redis[],
  subcommand: 'INFO' | 'NODES',
  what: string,
  isSo: (reply: string) => boolean,
): Promise<void> {
  const oneSays = async (client: Redis): Promise<boolean> =>
    isSo(String(await client.call('CLUSTER', subcommand)))
  await waitUntil(async () => (await Promise.all(clients.map(oneSays))).every(Boolean), { what })
}
