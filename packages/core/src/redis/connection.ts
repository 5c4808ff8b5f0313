import { StoreUnavailableError } from '../errors.ts'
import type { RedisClient } from './client.ts'

/** Whether commands can be sent, so that none waits in an offline queue. */
export interface Connection {
  /**
   * `undefined` when commands can be sent. A promise while the first attempt to connect is under way: it resolves when
   * commands can be sent. Afterwards a lost connection is an error at once, until the client is back.
   */
  ready(): Promise<void> | undefined
  /** Stops listening to the client. */
  stop(): void
}

/** Statuses of a client that has not failed yet. */
const fresh = new Set(['wait', 'connecting', 'connect'])

/**
 * Watches a client.
 *
 * @param owned true when the store opened it: its errors are then the store's to report, not the console's
 */
export function watchConnection(client: RedisClient, owned: boolean): Connection {
  let firstAttempt: Promise<void> | undefined
  let attempted = !fresh.has(client.status)
  let lastError: unknown

  const onError = (error: unknown): void => {
    lastError = error
  }
  if (owned) client.on('error', onError)

  const attempt = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const settle = (outcome: () => void) => (): void => {
        attempted = true
        client.off('ready', onReady)
        client.off('close', onClose)
        outcome()
      }
      const onReady = settle(resolve)
      const onClose = settle(() => reject(disconnected(client.status, lastError)))
      client.on('ready', onReady)
      client.on('close', onClose)
      // What goes wrong is told by 'close'; connect() only starts the attempt.
      if (client.status === 'wait') client.connect().catch(onError)
    })

  return {
    ready() {
      if (client.status === 'ready') return undefined
      if (attempted) return Promise.reject(disconnected(client.status, lastError))
      return (firstAttempt ??= attempt())
    },
    stop() {
      client.off('error', onError)
    },
  }
}

function disconnected(status: string, cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError(
    'disconnected',
    `Redis is not connected (client status "${status}").`,
    cause,
  )
}
