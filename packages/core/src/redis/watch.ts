import { warn } from '../error-page.ts'
import type { NodeClient, RedisClient } from './client.ts'
import { openLink, type Link } from './link.ts'
import type { LinkPlan } from './link-connection.ts'

/** What a client or a Cluster tells when its servers may have changed. */
export const serverEvents = ['ready', 'close', 'end', '+node', '-node', 'refresh'] as const

/** One link to every master that the client works with. */
export interface MasterWatch {
  /** As `Watch.coherentAtMs`: the least of all masters. */
  coherentAtMs(): number
  /** Opens and closes links as masters came and went. To be called whenever they may have. */
  follow(): void
  close(): void
}

/**
 * Follows the masters of a client. A link lives and dies with the data connection that it stands beside: a server that
 * the client left, however healthy, no longer knows of the writes that count.
 */
export function openWatch(client: RedisClient, plan: LinkPlan): MasterWatch {
  const links = new Map<NodeClient, Link>()
  const warnOnce = warner()
  let closed = false

  const follow = (): void => {
    if (closed) return
    const masters = new Set(mastersOf(client))
    let changed = false
    for (const [node, link] of [...links]) {
      if (masters.has(node)) continue
      link.close()
      links.delete(node)
      changed = true
    }
    for (const node of masters) {
      if (links.has(node)) continue
      links.set(node, openLink({ pick: () => node, plan, onRefused: warnOnce }))
      changed = true
    }
    if (changed) plan.onDoubt()
  }
  follow()

  return {
    coherentAtMs() {
      let least = links.size === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
      for (const link of links.values()) least = Math.min(least, link.coherentAtMs())
      return least
    },
    follow,
    close() {
      closed = true
      for (const link of links.values()) link.close()
      links.clear()
    },
  }
}

/** The clients of the masters that a client works with; none while it is not connected. */
export function mastersOf(client: RedisClient): readonly NodeClient[] {
  if (client.status !== 'ready') return []
  return isNode(client) ? [client] : (client.nodes?.('master') ?? [])
}

/** True for a client of one server. */
export function isNode(client: RedisClient): client is NodeClient {
  return !client.isCluster
}

function warner(): (error: Error) => void {
  let warned = false
  return ({ message }) => {
    if (warned) return
    warned = true
    warn(
      'SLUICE_WARN_NEAR',
      `nearStore() keeps nothing: Redis refuses to tell of writes (${message}). Allow CLIENT, SUBSCRIBE and the channel ` +
        "__redis__:invalidate, or use nearStore(store, { source: 'pubsub' }).",
    )
  }
}
