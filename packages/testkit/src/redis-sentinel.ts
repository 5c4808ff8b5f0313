import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { onFreePort } from './free-port.ts'
import { startGuarded } from './guarded-process.ts'
import { findRedisBinary } from './redis-binary.ts'
import { replicaInSync, SYNC_AT_ONCE } from './replica-in-sync.ts'
import { startRedis } from './redis-server.ts'
import type { RedisServer } from './redis-server.ts'
import { waitUntil } from './wait-until.ts'

/** Where one sentinel listens. */
export interface SentinelAddress {
  readonly host: string
  readonly port: number
}

/** A primary, its replica and three sentinels that watch them. */
export interface RedisSentinel extends AsyncDisposable {
  /** The name under which the sentinels know the primary. */
  readonly name: string
  readonly sentinels: readonly SentinelAddress[]
  /** The primary at the start: after a failover, `replica` has its place. */
  readonly primary: RedisServer
  readonly replica: RedisServer
  stop(): Promise<void>
}

const NAME = 'sluice'

/**
 * Starts a set on which all three sentinels agree: two votes suffice, and a primary counts as down after half a
 * second, so a failover takes two to three seconds.
 *
 * @example
 * await using set = await startSentinel()
 * const client = new Redis({ name: set.name, sentinels: [...set.sentinels] })
 */
export async function startSentinel(): Promise<RedisSentinel> {
  const started: { stop(): Promise<void> }[] = []
  const stop = async (): Promise<void> => void (await Promise.all(started.map((one) => one.stop())))
  const keep = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const one = await starting
    started.push(one)
    return one
  }
  try {
    const primary = await keep(startRedis({ args: SYNC_AT_ONCE }))
    const replica = await keep(
      startRedis({ args: ['--replicaof', '127.0.0.1', String(primary.port)] }),
    )
    await withClient(replica, replicaInSync)
    const watchers = await Promise.all([1, 2, 3].map(() => keep(startOneSentinel(primary.port))))
    const sentinels = watchers.map(({ port }) => ({ host: '127.0.0.1', port }))
    await Promise.all(sentinels.map((sentinel) => withClient(sentinel, agrees)))
    return { name: NAME, sentinels, primary, replica, stop, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startOneSentinel(
  primaryPort: number,
): Promise<{ port: number; stop(): Promise<void> }> {
  const binary = await findRedisBinary()
  const folder = await mkdtemp(join(tmpdir(), 'sluice-sentinel-'))
  const file = join(folder, 'sentinel.conf')
  const launch = async (port: number) => {
    await writeFile(file, sentinelConf(port, folder, primaryPort))
    return startGuarded({ command: [binary, file, '--sentinel'], folder, readyText: '+monitor' })
  }
  try {
    const { port, server } = await onFreePort(launch)
    return { port, stop: () => server.stop() }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

function sentinelConf(port: number, folder: string, primaryPort: number): string {
  return `port ${port}
bind 127.0.0.1
dir ${folder}
sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} 2
sentinel down-after-milliseconds ${NAME} 500
sentinel failover-timeout ${NAME} 2000
`
}

async function withClient(
  { port }: { readonly port: number },
  work: (client: Redis) => Promise<void>,
): Promise<void> {
  const client = new Redis(port)
  await work(client).finally(() => client.disconnect())
}

async function agrees(client: Redis): Promise<void> {
  const isSo = async (): Promise<boolean> => {
    const others = await client.call('SENTINEL', 'SENTINELS', NAME)
    const replicas = await client.call('SENTINEL', 'REPLICAS', NAME)
    return lengthOf(others) === 2 && lengthOf(replicas) === 1
  }
  await waitUntil(isSo, { what: 'the sentinels to agree' })
}

function lengthOf(reply: unknown): number {
  return Array.isArray(reply) ? reply.length : 0
}
