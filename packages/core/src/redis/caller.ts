import { StoreClosedError, StoreUnavailableError } from '../errors.ts'
import { createBreaker } from './breaker.ts'
import type { RedisClient } from './client.ts'
import { watchConnection } from './connection.ts'
import { createDeadlines } from './deadlines.ts'
import { timeoutError, toStoreError } from './redis-errors.ts'

/** Sends commands with everything a call is promised: not after close, not while it cannot be sent, not for ever. */
export interface Caller {
  /** @param what the verb or operation, for messages */
  call<Value>(what: string, command: () => Promise<Value>, deadlineMs?: number): Promise<Value>
  close(): Promise<void>
}

/**
 * @param owned true when the store opened the client and must end it
 */
export function createCaller(
  client: RedisClient,
  commandTimeoutMs: number,
  owned: boolean,
): Caller {
  const connection = watchConnection(client, owned)
  const deadlines = createDeadlines()
  const breaker = createBreaker()
  let closing: Promise<void> | undefined

  async function call<Value>(
    what: string,
    command: () => Promise<Value>,
    deadlineMs = commandTimeoutMs,
  ): Promise<Value> {
    if (closing !== undefined) throw new StoreClosedError()
    if (!breaker.allows()) throw refusedByBreaker(what)
    const connecting = connection.ready()
    const answer = connecting === undefined ? command() : connecting.then(command)
    // What waits for the first connection says nothing of a server that does not answer.
    const counts = connecting === undefined
    try {
      const value = await deadlines.race(answer, deadlineMs, () => timeoutError(what, deadlineMs))
      breaker.succeeded()
      return value
    } catch (error) {
      const known = toStoreError(error, what)
      if (counts && known instanceof StoreUnavailableError && known.reason === 'timeout') {
        breaker.failed()
      }
      throw known
    }
  }

  async function closeOnce(): Promise<void> {
    connection.stop()
    if (owned) await endClient()
    deadlines.stop()
  }

  /** QUIT lets the replies that are under way arrive; a server that does not answer gets one deadline. */
  async function endClient(): Promise<void> {
    client.on('error', () => undefined)
    if (client.status === 'ready') {
      const late = (): Error => timeoutError('close', commandTimeoutMs)
      await deadlines.race(client.quit(), commandTimeoutMs, late).catch(() => undefined)
    }
    client.disconnect()
  }

  return { call, close: () => (closing ??= closeOnce()) }
}

function refusedByBreaker(what: string): StoreUnavailableError {
  return new StoreUnavailableError(
    'breaker-open',
    `${what}: not sent, because Redis has just failed to answer several times.`,
  )
}
