import { StoreClosedError, StoreUnavailableError } from '../errors.ts'
import type { Operation } from '../operation.ts'
import type { Replicas } from '../store.ts'
import { createCaller, nodeOf, type Caller } from './caller.ts'
import type { NodeClient, RedisClient } from './client.ts'
import { notReplicatedError, notSentError } from './redis-errors.ts'
import { createRounds, type Rounds } from './replicated-rounds.ts'
import { isNode } from './watch.ts'

/** How an operation is run that replicas must have. */
export interface ReplicatedOptions<Result> {
  /** Without what the replicas take. */
  readonly deadlineMs: number | undefined
  readonly replicas: Replicas<Result>
}

/** Runs what only counts once replicas have it. */
export interface Replicated {
  run<Args, Result>(
    operation: Operation<Args, Result>,
    args: Args,
    options: ReplicatedOptions<Result>,
  ): Promise<Result>
  close(): Promise<void>
}

/** What it is made of. */
export interface ReplicatedParts {
  /** Opens the client that it has for itself, which puts no prefix before keys. */
  open(): RedisClient
  readonly keyPrefix: string
  readonly commandTimeoutMs: number
}

/** By a client of its own, opened on first use: while a connection waits for replicas, Redis answers nothing else on it. */
export function createReplicated({
  open,
  keyPrefix,
  commandTimeoutMs,
}: ReplicatedParts): Replicated {
  const rounds = new WeakMap<NodeClient, Rounds>()
  let caller: Caller | undefined
  let isClosed = false

  const opened = (): Caller => {
    if (isClosed) throw new StoreClosedError()
    const onFirstAnswer = (): void => undefined
    return (caller ??= createCaller({
      clients: [open()],
      commandTimeoutMs,
      owned: true,
      onFirstAnswer,
    }))
  }
  const roundsOf = (node: NodeClient): Rounds => {
    const found = rounds.get(node) ?? createRounds(node)
    rounds.set(node, found)
    return found
  }

  return {
    async run(operation, args, { deadlineMs = commandTimeoutMs, replicas }) {
      const { name, lua } = operation
      const { count, timeoutMs, of = () => true } = replicas
      const keys = operation.keys(args).map((key) => keyPrefix + key)
      const [key = ''] = keys
      // It may come just after a round has begun, which may last for as long as its own.
      const wholeMs = deadlineMs + 2 * timeoutMs
      const dueAtMs = performance.now() + wholeMs
      const late = (): Error | undefined =>
        performance.now() < dueAtMs ? undefined : notSentError(name, wholeMs)
      const job = { name, lua, keys, argv: operation.argv(args), count, timeoutMs, late }
      const ask = async (node: NodeClient) => {
        const { reply, acknowledged } = await roundsOf(node).join(job)
        const result = operation.reply(reply)
        if (!of(result)) return result
        const had = await acknowledged
        if (had < count) throw notReplicatedError(name, `${had} of ${count} replicas have it`)
        return result
      }
      return opened().call(name, (client) => onMaster(client, key, ask), wholeMs, key)
    },
    async close() {
      isClosed = true
      await caller?.close()
    },
  }
}

/**
 * Asks the master of a key itself: what a Cluster's client redirects would be waited for on another connection than it
 * went by. A slot that has moved is looked up once.
 */
async function onMaster<Value>(
  client: RedisClient,
  key: string,
  ask: (node: NodeClient) => Promise<Value>,
): Promise<Value> {
  const node = masterOf(client, key)
  try {
    if (node !== undefined) return await ask(node)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('MOVED '))) throw error
  }
  await new Promise<void>((resolve) => {
    if (client.refreshSlotsCache === undefined) resolve()
    else client.refreshSlotsCache(() => resolve())
  })
  const other = masterOf(client, key)
  if (other === undefined)
    throw new StoreUnavailableError('disconnected', 'Not sent: no master has the slot.', {
      mayHaveApplied: false,
    })
  return ask(other)
}

function masterOf(client: RedisClient, key: string): NodeClient | undefined {
  if (isNode(client)) return client
  const address = nodeOf(client, key)
  const isIt = ({ options: { host, port } }: NodeClient): boolean => `${host}:${port}` === address
  return client.nodes?.('master').find(isIt)
}
