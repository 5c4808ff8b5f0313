import { withoutLink } from '../error-page.ts'
import { OperationError, StoreUnavailableError } from '../errors.ts'
import { payloadOf, type Payload } from '../payload.ts'
import { groupBySlot } from '../slot.ts'
import type { Call } from './caller.ts'
import type { RedisClient } from './client.ts'

/** The most keys in one command, so that none holds the server up. */
const batchSize = 512
/** The most commands under way for one call: more would wait for each other past the deadline that each of them has. */
const waveSize = 1024

/** The batch verbs of a store: any number of keys, in any slots. */
export interface ManyVerbs {
  getMany(keys: readonly string[]): Promise<readonly (Payload | undefined)[]>
  setMany(
    entries: readonly (readonly [key: string, payload: Payload])[],
    ttlMs?: number,
  ): Promise<void>
  delete(keys: readonly string[]): Promise<number>
}

/**
 * Sends a command for each batch of keys and waits for all. `isDone` tells of the keys of a batch that failed in part.
 * @throws StoreUnavailableError naming the keys that were not done
 */
export type BatchSender = <Value>(
  what: string,
  keys: readonly string[],
  command: (batch: readonly string[], client: RedisClient) => Promise<Value>,
  isDone?: (key: string) => boolean,
) => Promise<readonly Value[]>

/**
 * Batches of one slot each on a Cluster, of any slots on one server. Up to 1024 are sent at once, so that a node is waited
 * for once; each such wave has a deadline of its own.
 */
export function batchSender(client: RedisClient, call: Call): BatchSender {
  const batches = (keys: readonly string[]): readonly (readonly string[])[] => {
    const groups = client.isCluster ? groupBySlot(keys, client.options.keyPrefix ?? '') : [keys]
    return groups.flatMap((group) => inParts(group, batchSize))
  }
  return async (what, keys, command, isDone = () => false) => {
    const outcomes = []
    for (const wave of inParts(batches(keys), waveSize)) {
      const send = (batch: readonly string[]): ReturnType<typeof command> =>
        call(what, (sender) => command(batch, sender), undefined, batch[0])
      const settled = await Promise.allSettled(wave.map(send))
      outcomes.push(...settled.map((outcome, at) => ({ outcome, batch: wave[at] ?? [] })))
    }
    return allOf(what, outcomes, isDone)
  }
}

/** The batch verbs. */
export function manyVerbs(client: RedisClient, call: Call): ManyVerbs {
  const send = batchSender(client, call)
  return {
    async getMany(keys) {
      const answers = await send('getMany', keys, async (batch, sender) => {
        const found = await sender.mgetBuffer(...batch)
        return {
          batch,
          payloads: found.map((bytes) => (bytes === null ? undefined : payloadOf(bytes))),
        }
      })
      return client.isCluster ? inOrder(keys, answers) : answers.flatMap(({ payloads }) => payloads)
    },
    async setMany(entries, ttlMs) {
      const payloads = new Map(entries)
      const expiry = ttlMs === undefined ? [] : ['PX', ttlMs]
      const written = new Set<string>()
      const write = async (key: string, sender: RedisClient): Promise<void> => {
        await sender.call('set', key, payloads.get(key) ?? '', ...expiry)
        written.add(key)
      }
      await send(
        'setMany',
        [...payloads.keys()],
        (batch, sender) => all(batch.map((key) => write(key, sender))),
        (key) => written.has(key),
      )
    },
    async delete(keys) {
      const counts = await send('delete', keys, (batch, sender) => sender.unlink(...batch))
      return counts.reduce((sum, count) => sum + count, 0)
    },
  }
}

/** Batches of a Cluster are made by slot: what was asked comes back in another order. */
function inOrder(
  keys: readonly string[],
  answers: readonly Answer[],
): readonly (Payload | undefined)[] {
  const found = new Map<string, Payload | undefined>()
  for (const { batch, payloads } of answers) {
    batch.forEach((key, at) => found.set(key, payloads[at]))
  }
  return keys.map((key) => found.get(key))
}

interface Answer {
  readonly batch: readonly string[]
  readonly payloads: readonly (Payload | undefined)[]
}

function inParts<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  const parts = []
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size))
  return parts
}

/** Unlike `Promise.all`, waits for the others when one has failed. */
async function all(promises: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(promises)
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

/** What all answered; or fails for those that failed, by name. */
function allOf<Value>(
  what: string,
  outcomes: readonly {
    readonly outcome: PromiseSettledResult<Value>
    readonly batch: readonly string[]
  }[],
  isDone: (key: string) => boolean,
): readonly Value[] {
  const values: Value[] = []
  const keys: string[] = []
  let cause: unknown
  let mayHaveApplied = false
  for (const { outcome, batch } of outcomes) {
    if (outcome.status === 'fulfilled') values.push(outcome.value)
    else {
      const reason: unknown = outcome.reason ?? new OperationError(what, 'failed')
      cause ??= reason
      mayHaveApplied ||= reason instanceof StoreUnavailableError && reason.mayHaveApplied
      keys.push(...batch.filter((key) => !isDone(key)))
    }
  }
  // A batch may be done by the time that its lateness is told.
  if (cause === undefined || keys.length === 0) return values
  if (!(cause instanceof StoreUnavailableError)) throw cause
  const message = `${withoutLink(cause.message)} ${keys.length} keys were not done: see "keys".`
  throw new StoreUnavailableError(cause.reason, message, { cause, keys, mayHaveApplied })
}
