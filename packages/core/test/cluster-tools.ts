import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import type { RedisCluster } from '@sluice/testkit'
import { Redis } from 'ioredis'

/** A store on a cluster of the test's own. */
export function clusterStore(cluster: RedisCluster, commandTimeout: number): Store {
  const nodes = cluster.ports.map((port) => ({ host: '127.0.0.1', port }))
  return redisStore({ cluster: nodes, commandTimeout })
}

/** Asks each of some servers. */
export async function eachNode<Value>(
  ports: readonly number[],
  work: (node: Redis) => Promise<Value>,
): Promise<Value[]> {
  const nodes = ports.map((port) => new Redis(port))
  return Promise.all(nodes.map(work)).finally(() => nodes.forEach((node) => node.disconnect()))
}

/** How a slot moves. */
export interface SlotMove {
  readonly slot: number
  /** Every master, the target included: all are told of the new owner. */
  readonly ports: readonly number[]
  readonly from: number
  readonly to: number
  /** Between one key and the next, so that a store meets the slot half moved. Default 0. */
  readonly pauseMs?: number
}

/** Moves a slot from one master to another as an administrator does, key by key. */
export async function moveSlot({ slot, ports, from, to, pauseMs = 0 }: SlotMove): Promise<void> {
  const nodes = new Map(ports.map((port) => [port, new Redis(port)]))
  const ask = async (port: number, ...args: [string, ...(string | number)[]]): Promise<unknown> =>
    nodes.get(port)?.call(...args)
  const [fromId, toId] = [
    String(await ask(from, 'CLUSTER', 'MYID')),
    String(await ask(to, 'CLUSTER', 'MYID')),
  ]
  await ask(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId)
  await ask(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId)
  await sleep(pauseMs)
  for (;;) {
    const found = await ask(from, 'CLUSTER', 'GETKEYSINSLOT', slot, 1)
    if (!Array.isArray(found) || found.length === 0) break
    await ask(from, 'MIGRATE', '127.0.0.1', to, String(found[0]), 0, 5000)
    await sleep(pauseMs)
  }
  for (const port of [to, from, ...ports]) await ask(port, 'CLUSTER', 'SETSLOT', slot, 'NODE', toId)
  for (const node of nodes.values()) node.disconnect()
}
