import { StoreUnavailableError } from '../errors.ts'
import type { RedisClient } from './client.ts'

/**
 * Asks a server whether it serves. A node of a Cluster that has lost slots answers PING as ever, while it refuses every key:
 * it is asked for the state of the Cluster instead, unless an ACL forbids the question.
 *
 * @throws StoreUnavailableError (not-serving) when the Cluster is down, and what the client throws
 */
export async function pingServer(sender: RedisClient): Promise<void> {
  const info = sender.isCluster ? await clusterInfo(sender) : undefined
  if (info === undefined) await sender.ping()
  else if (!info.includes('cluster_state:ok')) {
    throw new StoreUnavailableError(
      'not-serving',
      'ping: the Redis Cluster is down: it lacks slots',
    )
  }
}

async function clusterInfo(sender: RedisClient): Promise<string | undefined> {
  try {
    return String(await sender.call('cluster', 'info'))
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return undefined
    throw error
  }
}
