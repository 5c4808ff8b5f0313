import type { NodeClient } from './client.ts'
import { linkClientOptions, type LinkClient, type LinkStream } from './link-client.ts'
import { createPulse } from './pulse.ts'

/** How a link listens, and what it does with what it hears. */
export interface LinkPlan {
  /** Makes the connection a listener: from the moment that this resolves, no write goes untold. */
  arm(client: LinkClient): Promise<void>
  onMessage(channel: string, payload: unknown): void
  /** A link that was silent for this long is lost. */
  readonly silenceMs: number
  /** Messages may have been missed; with the reason where there is one. */
  onDoubt(reason?: unknown): void
}

/** One connection, from its opening to its loss. */
export interface LinkConnection {
  /** As `Watch.coherentAtMs`. */
  coherentAtMs(): number
  /** False when it listens to another server than the data client beside it works with now. */
  stands(): boolean
  close(): void
}

/**
 * Opens one connection beside that of a data client and listens on it.
 *
 * @param onLost told once, unless closed; with the reason where there is one
 */
export function openLinkConnection(
  node: NodeClient,
  plan: LinkPlan,
  onLost: (reason: unknown) => void,
): LinkConnection {
  const client = node.duplicate(linkClientOptions)
  let over = false
  let lastError: unknown

  const close = (): void => {
    over = true
    pulse.stop()
    // ioredis would wait two seconds for a socket that has closed to close.
    if (client.status !== 'close' && client.status !== 'end') client.disconnect()
  }
  const lose = (reason: unknown): void => {
    if (over) return
    close()
    onLost(reason)
  }
  const pulse = createPulse(() => client.ping(), plan.silenceMs, lose)
  const open = async (): Promise<void> => {
    await client.connect()
    client.stream?.unref()
    if (!isSameServer(node.stream, client.stream)) throw new Error('another server answered')
    const sentAtMs = performance.now()
    await plan.arm(client)
    if (!over) pulse.start(sentAtMs)
  }

  client.on('error', (error) => (lastError = error))
  client.on('close', () => lose(lastError))
  client.on('end', () => lose(lastError))
  client.on('messageBuffer', (channel, payload) => {
    if (!over) plan.onMessage(String(channel), payload)
  })
  open().catch(lose)
  return {
    coherentAtMs: pulse.provenAtMs,
    stands: () => node.status !== 'end' && isSameServer(node.stream, client.stream),
    close,
  }
}

/** A name may lead to several servers, a sentinel to a new primary: only the server that is read from knows its writes. */
function isSameServer(data: LinkStream | undefined, link: LinkStream | undefined): boolean {
  if (data?.remoteAddress === undefined || link?.remoteAddress === undefined) return true
  return data.remoteAddress === link.remoteAddress && data.remotePort === link.remotePort
}
