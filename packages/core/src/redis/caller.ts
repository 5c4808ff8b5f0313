import { StoreClosedError, StoreUnavailableError } from '../errors.ts'
import { slotOf } from '../slot.ts'
import { createBreakers } from './breaker.ts'
import type { RedisClient } from './client.ts'
import { watchConnection, type Connection } from './connection.ts'
import { createDeadlines, type Deadlines } from './deadlines.ts'
import { isAnswer, notSentError, timeoutError, toStoreError } from './redis-errors.ts'
import { turns } from './turns.ts'

/**
 * @param what the verb or operation, for messages
 * @param command sends by the client that it is given
 * @param key a key that the command is about: in a Cluster it says which node's silence counts
 */
export type Call = <Value>(
  what: string,
  command: (client: RedisClient) => Promise<Value>,
  deadlineMs?: number,
  key?: string,
) => Promise<Value>

/** Sends commands with everything a call is promised: not after close, not while it cannot be sent, not for ever. */
export interface Caller {
  /** By one of the clients: they take turns. */
  readonly call: Call
  /** By the first client always, for what must know which server it asks. */
  readonly callFirst: Call
  close(): Promise<void>
}

/** What a caller is made of. */
export interface CallerOptions {
  /** One or more clients of the same servers. */
  readonly clients: readonly [RedisClient, ...RedisClient[]]
  readonly commandTimeoutMs: number
  /** True when the store opened the clients and must end them. */
  readonly owned: boolean
  /** Told once, with the client that got the first answer. */
  onFirstAnswer(client: RedisClient): void
}

/** Makes a caller. Nothing is sent before the first call. */
export function createCaller(options: CallerOptions): Caller {
  const { clients, commandTimeoutMs, owned } = options
  const deadlines = createDeadlines()
  const breakers = createBreakers()
  const watch = (client: RedisClient): Connection => watchConnection(client, owned, breakers.reset)
  const [firstClient, ...otherClients] = clients
  const first = watch(firstClient)
  const connections = [first, ...otherClients.map(watch)] as const
  let answered = false
  let closing: Promise<void> | undefined

  const callBy =
    (next: () => Connection): Call =>
    async (what, command, deadlineMs = commandTimeoutMs, key?) => {
      if (closing !== undefined) throw new StoreClosedError()
      const connection = next()
      const { client } = connection
      const breaker = breakers.of(client.isCluster && key !== undefined ? nodeOf(client, key) : '')
      if (!breaker.allows()) throw refusedByBreaker(what)
      const connecting = connection.ready()
      const expire = (): Error => {
        breaker.failed()
        return timeoutError(what, deadlineMs)
      }
      try {
        const value = await (connecting === undefined
          ? deadlines.race(send(connection, command), deadlineMs, expire)
          : callAfter(deadlines, connecting, () => send(connection, command), what, deadlineMs))
        breaker.succeeded()
        if (!answered) options.onFirstAnswer(client)
        answered = true
        return value
      } catch (error) {
        const known = toStoreError(error, what)
        if (isAnswer(known)) breaker.succeeded()
        throw known
      }
    }

  async function closeOnce(): Promise<void> {
    for (const { stop } of connections) stop()
    if (!owned) return
    await Promise.all(clients.map((client) => endClient(client, deadlines, commandTimeoutMs)))
  }

  return {
    call: callBy(turns(connections)),
    callFirst: callBy(() => first),
    close: () => (closing ??= closeOnce()),
  }
}

function send<Value>(
  { client, batchWrites }: Connection,
  command: (client: RedisClient) => Promise<Value>,
): Promise<Value> {
  batchWrites()
  return command(client)
}

/** A wait for the first connection says nothing of a server that does not answer. What is late is not sent any more. */
function callAfter<Value>(
  deadlines: Deadlines,
  connecting: Promise<void>,
  send: () => Promise<Value>,
  what: string,
  deadlineMs: number,
): Promise<Value> {
  let state: 'waiting' | 'sent' | 'late' = 'waiting'
  const answer = connecting.then(() => {
    if (state === 'late') throw notSentError(what, deadlineMs)
    state = 'sent'
    return send()
  })
  return deadlines.race(answer, deadlineMs, () => {
    if (state === 'sent') return timeoutError(what, deadlineMs)
    state = 'late'
    return notSentError(what, deadlineMs)
  })
}

/** QUIT lets the replies that are under way arrive; a server that does not answer gets one deadline. */
async function endClient(
  client: RedisClient,
  deadlines: Deadlines,
  deadlineMs: number,
): Promise<void> {
  client.on('error', () => undefined)
  if (client.status === 'ready') {
    const late = (): Error => timeoutError('close', deadlineMs)
    await deadlines.race(client.quit(), deadlineMs, late).catch(() => undefined)
  }
  client.disconnect()
}

/** The master of the key's slot, as `host:port`. */
export function nodeOf(client: RedisClient, key: string): string {
  return client.slots?.[slotOf((client.options.keyPrefix ?? '') + key)]?.[0] ?? ''
}

function refusedByBreaker(what: string): StoreUnavailableError {
  return new StoreUnavailableError(
    'breaker-open',
    `${what}: not sent, because Redis has just failed to answer several times.`,
  )
}
