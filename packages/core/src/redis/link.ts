import type { NodeClient } from './client.ts'
import { openLinkConnection, type LinkConnection, type LinkPlan } from './link-connection.ts'

/** A listening connection to one server, opened anew whenever it is lost, until closed. */
export interface Link {
  /** As `Watch.coherentAtMs`. */
  coherentAtMs(): number
  close(): void
}

/**
 * Opens a link. While it does not listen it is not coherent, and nothing that is read is kept; its loss is told as doubt.
 *
 * @param onRefused told when the server will not let it listen
 */
export function openLink(
  node: NodeClient,
  plan: LinkPlan,
  onRefused: (error: Error) => void,
): Link {
  let attempts = 0
  let closed = false
  let retry: NodeJS.Timeout | undefined
  let connection: LinkConnection = connect()

  function connect(): LinkConnection {
    const counted = {
      ...plan,
      async arm(client: Parameters<LinkPlan['arm']>[0]) {
        await plan.arm(client)
        attempts = 0
      },
    }
    return openLinkConnection(node, counted, (reason) => {
      plan.onDoubt()
      if (reason instanceof Error && /^(NOPERM|ERR) /.test(reason.message)) onRefused(reason)
      if (!closed) retry = setTimeout(reconnect, retryDelayMs(++attempts)).unref()
    })
  }
  function reconnect(): void {
    connection = connect()
  }

  return {
    coherentAtMs: () => connection.coherentAtMs(),
    close() {
      closed = true
      clearTimeout(retry)
      connection.close()
    },
  }
}

/** 50 ms, doubled up to 2 s, with up to 50 ms on top so that a fleet does not return in step. */
function retryDelayMs(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt - 1, 6), 2000) + Math.floor(Math.random() * 50)
}
