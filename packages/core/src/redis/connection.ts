import { StoreUnavailableError } from '../errors.ts'
import type { RedisClient } from './client.ts'
import { isSelectRefused, nodeError, reasonOf, safeCause } from './redis-errors.ts'
import { createWriteBatch } from './write-batch.ts'

/** Whether commands can be sent by a client, so that none waits in an offline queue. */
export interface Connection {
  readonly client: RedisClient
  /** `ready`: commands can be sent. `new`: its first attempt to connect is not over. `lost`: it is trying again. */
  state(): 'ready' | 'new' | 'lost'
  /**
   * `undefined` when commands can be sent. A promise while the first attempt to connect is under way: it resolves when
   * commands can be sent. Afterwards a lost connection is an error at once, until the client is back.
   */
  ready(): Promise<void> | undefined
  /** Called before each command: what one turn of the event loop sends leaves in one write. */
  readonly batchWrites: () => void
  /** Stops listening to the client. */
  stop(): void
}

/** Statuses of a client that has not failed yet. */
const beforeFailure = new Set(['wait', 'connecting', 'connect'])

/**
 * Watches a client.
 *
 * @param owned true when the store opened it: its errors are then the store's to report, not the console's
 * @param onReady told of each connection that is made
 */
export function watchConnection(
  client: RedisClient,
  owned: boolean,
  onReady: () => void,
): Connection {
  let firstAttempt: Promise<void> | undefined
  let attempted = false
  let lastError: unknown
  // ioredis goes on in database 0 where SELECT was refused: such a connection is never used.
  let wrongDatabase = false

  const onError = (error: unknown): void => {
    lastError = nodeError(error) ?? error
    wrongDatabase ||= isSelectRefused(error)
  }
  const onClose = (): void => {
    wrongDatabase = false
  }
  const onConnected = (): void => {
    if (wrongDatabase) return
    lastError = undefined
    onReady()
  }
  const stop = listen(client, {
    ready: onConnected,
    close: onClose,
    // A Cluster tells why it finds no node by 'node error' only.
    ...(owned ? { error: onError, 'node error': onError } : {}),
  })

  const failure = (): StoreUnavailableError => disconnected(client.status, lastError)
  const isReady = (): boolean => client.status === 'ready' && !wrongDatabase

  const attempt = async (): Promise<void> => {
    const over = untilReadyOrClosed(client)
    // What goes wrong is told by 'close'; connect() only starts the attempt.
    if (client.status === 'wait') client.connect().catch((error) => (lastError ??= error))
    await over
    attempted = true
    if (!isReady()) throw failure()
  }

  const state = (): 'ready' | 'new' | 'lost' => {
    if (isReady()) return 'ready'
    return attempted || !beforeFailure.has(client.status) ? 'lost' : 'new'
  }
  return {
    client,
    state,
    ready() {
      const now = state()
      if (now === 'ready') return undefined
      return now === 'lost' ? Promise.reject(failure()) : (firstAttempt ??= attempt())
    },
    batchWrites: owned ? createWriteBatch(client) : () => undefined,
    stop,
  }
}

/**
 * Waits for the first connection of a client. @throws StoreUnavailableError when that fails, or was lost
 */
export async function untilReady(client: RedisClient): Promise<void> {
  if (client.status === 'ready') return
  if (beforeFailure.has(client.status)) {
    const over = untilReadyOrClosed(client)
    // What goes wrong is told by 'close'.
    if (client.status === 'wait') client.connect().catch(() => undefined)
    await over
  }
  if (client.status !== 'ready') throw disconnected(client.status, undefined)
}

/** Listens until the function that it returns is called. */
function listen(
  client: RedisClient,
  listeners: Readonly<Record<string, (error: unknown) => void>>,
): () => void {
  const all = Object.entries(listeners)
  for (const [event, listener] of all) client.on(event, listener)
  return () => {
    for (const [event, listener] of all) client.off(event, listener)
  }
}

function untilReadyOrClosed(client: RedisClient): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      client.off('ready', settle)
      client.off('close', settle)
      resolve()
    }
    client.on('ready', settle)
    client.on('close', settle)
  })
}

function disconnected(status: string, cause: unknown): StoreUnavailableError {
  const denied = reasonOf(cause) === 'denied'
  return new StoreUnavailableError(
    denied ? 'denied' : 'disconnected',
    denied
      ? `Redis refused access: ${String((cause as Error).message)}`
      : `Not sent, because Redis is not connected (client status "${status}").`,
    { cause: safeCause(cause), mayHaveApplied: false },
  )
}
