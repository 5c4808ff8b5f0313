import type { NodeClient } from './client.ts'
import { openLinkConnection, type LinkConnection, type LinkPlan } from './link-connection.ts'

/** A listening connection to one server, opened anew whenever it is lost, until closed. */
export interface Link {
  /** As `Watch.coherentAtMs`. */
  coherentAtMs(): number
  /** Leaves a server that the data client has left, and does not wait to try again. */
  follow(): void
  close(): void
}

/** What a link is made of. */
export interface LinkOptions {
  /** The data client to open the next connection beside; `undefined` while there is none. */
  pick(): NodeClient | undefined
  /** False for one that the data client works with no more. */
  holds?(node: NodeClient): boolean
  readonly plan: LinkPlan
  /** Told when the server will not let it listen. */
  onRefused?(error: Error): void
}

/** Opens a link. While it does not listen it is not coherent, and nothing that is read is kept; its loss is told as doubt. */
export function openLink({ pick, holds, plan, onRefused }: LinkOptions): Link {
  let attempts = 0
  let closed = false
  let retry: NodeJS.Timeout | undefined
  let current: { readonly node: NodeClient; readonly connection: LinkConnection } | undefined
  const counted: LinkPlan = {
    ...plan,
    async arm(client) {
      await plan.arm(client)
      attempts = 0
    },
  }

  const lose = (reason: unknown): void => {
    current = undefined
    plan.onDoubt(reason)
    if (reason instanceof Error && /^(NOPERM|ERR) /.test(reason.message)) onRefused?.(reason)
    if (!closed) retry = setTimeout(connect, retryDelayMs(++attempts)).unref()
  }
  const connect = (): void => {
    const node = pick()
    if (node === undefined) lose(undefined)
    else current = { node, connection: openLinkConnection(node, counted, lose) }
  }
  connect()

  return {
    coherentAtMs: () => current?.connection.coherentAtMs() ?? Number.NEGATIVE_INFINITY,
    follow() {
      if (closed) return
      if (current === undefined) clearTimeout(retry)
      else if (current.connection.stands() && holds?.(current.node) !== false) return
      else {
        current.connection.close()
        plan.onDoubt()
      }
      connect()
    },
    close() {
      closed = true
      clearTimeout(retry)
      current?.connection.close()
    },
  }
}

/** 50 ms, doubled up to 2 s, with up to 50 ms on top so that a fleet does not return in step. */
function retryDelayMs(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt - 1, 6), 2000) + Math.floor(Math.random() * 50)
}
