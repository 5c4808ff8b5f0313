import { Redis } from 'ioredis'
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts'
import { replicaInSync, SYNC_AT_ONCE } from './replica-in-sync.ts'
import { startRedis, type RedisServer } from './redis-server.ts'
import { waitUntil } from './wait-until.ts'

/** A primary and its replica, which can be cut off from each other. */
export interface RedisPair extends AsyncDisposable {
  readonly primary: RedisServer
  readonly replica: RedisServer
  /** Between them: a blackhole cuts the replica off, as no signal to its process does. */
  readonly between: FaultProxy
  stop(): Promise<void>
}

/**
 * Starts a replica that has all that its primary has.
 *
 * @example
 * await using pair = await startPair()
 * pair.between.blackhole()
 * await pair.primary.kill()
 */
export async function startPair(): Promise<RedisPair> {
  const started: { stop(): Promise<void> }[] = []
  const stop = async (): Promise<void> => void (await Promise.all(started.map((one) => one.stop())))
  try {
    const primary = await startRedis({ args: SYNC_AT_ONCE })
    started.push(primary)
    const between = await startFaultProxy({ port: primary.port })
    started.push(between)
    const args = ['--replicaof', '127.0.0.1', String(between.port)]
    const replica = await startRedis({ args })
    started.push(replica)
    await withClient(replica, replicaInSync)
    await withClient(primary, countsOnReplica)
    return { primary, replica, between, stop, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A replica that is in sync is not counted on before its primary has heard of it. */
async function countsOnReplica(primary: Redis): Promise<void> {
  const isCounted = async (): Promise<boolean> => {
    // WAIT is about what this client has sent to the replicas: of nothing they have all.
    await primary.publish('pair', 'hello')
    return (await primary.wait(1, 100)) === 1
  }
  await waitUntil(isCounted, { what: 'the primary to count on its replica' })
}

async function withClient(
  { port }: RedisServer,
  work: (client: Redis) => Promise<void>,
): Promise<void> {
  const client = new Redis(port)
  await work(client).finally(() => client.disconnect())
}
