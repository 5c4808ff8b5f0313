import { closedSubscription } from '../closed-subscription.ts'
import { StoreClosedError } from '../errors.ts'
import type { Store } from '../store.ts'
import type { Call } from './caller.ts'
import type { NodeClient, RedisClient } from './client.ts'
import { openLink, type Link } from './link.ts'
import { createMessageChannels } from './message-channels.ts'
import { isNode, mastersOf, serverEvents } from './watch.ts'

/** What nobody listens to is let go of so late, that a channel in use is not asked for anew at each wait. */
const tendMs = 2000

/** What tells the subscribers of a store. */
export interface Messages {
  readonly subscribe: Store['subscribe']
  /** Final: nothing is told any more. */
  close(): void
}

/** What messages are made of. */
export interface MessagesOptions {
  /** The one whose servers are listened to. */
  readonly client: RedisClient
  readonly call: Call
  /** How long a subscription may take to be ready. */
  readonly readyWithinMs: number
}

/**
 * One listening connection carries all channels: to the server that the client works with or, of a Cluster, to any master,
 * since what is published on one node reaches all. Opened by the first subscription, closed some seconds after the last.
 */
export function createMessages({ client, call, readyWithinMs }: MessagesOptions): Messages {
  const channels = createMessageChannels(readyWithinMs)
  let open: { readonly link: Link; readonly tending: NodeJS.Timeout } | undefined
  let closed = false

  const follow = (): void => open?.link.follow()
  const closeLink = (): void => {
    for (const event of serverEvents) client.off(event, follow)
    clearInterval(open?.tending)
    open?.link.close()
    open = undefined
    channels.plan.onDoubt()
  }
  const openTheLink = (): void => {
    // Until it is connected a Cluster knows no nodes.
    if (client.isCluster && client.status !== 'ready') {
      call('subscribe', async () => undefined).catch(channels.blame)
    }
    const { plan } = channels
    const link = openLink({ pick: picker(client), holds: (node) => holds(client, node), plan })
    const tend = (): void => {
      if (!channels.tend(tendMs)) closeLink()
    }
    open = { link, tending: setInterval(tend, tendMs).unref() }
    for (const event of serverEvents) client.on(event, follow)
  }

  return {
    subscribe(name, listener) {
      if (closed) return closedSubscription()
      const subscription = channels.open(name).listen(listener)
      if (open === undefined) openTheLink()
      return subscription
    },
    close() {
      closed = true
      closeLink()
      channels.end(new StoreClosedError())
    },
  }
}

/** A Cluster's masters take turns, from any on: a fleet does not listen to one alone, and a dead one is passed over. */
function picker(client: RedisClient): () => NodeClient | undefined {
  if (isNode(client)) return () => (client.status === 'end' ? undefined : client)
  let turn = Math.floor(Math.random() * 1000)
  return () => {
    const masters = mastersOf(client)
    return masters[turn++ % masters.length]
  }
}

function holds(client: RedisClient, node: NodeClient): boolean {
  return isNode(client) || mastersOf(client).includes(node)
}
