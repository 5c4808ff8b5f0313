import { OperationError, StoreUnavailableError } from '../errors.ts'
import { groupBySlot } from '../slot.ts'
import type { Caller } from './caller.ts'
import type { RedisClient } from './client.ts'

/** The most keys in one command, so that none holds the server up. */
const batchSize = 512

/** The batch verbs of a store: any number of keys, in any slots. */
export interface ManyVerbs {
  getMany(keys: readonly string[]): Promise<readonly (string | undefined)[]>
  setMany(entries: readonly (readonly [key: string, text: string])[], ttlMs?: number): Promise<void>
  delete(keys: readonly string[]): Promise<number>
}

/**
 * Batches of one slot each on a Cluster, of any slots on one server. All are sent at once, so a node is waited for once.
 */
export function manyVerbs(client: RedisClient, call: Caller['call']): ManyVerbs {
  const batches = (keys: readonly string[]): readonly (readonly string[])[] => {
    const groups = client.isCluster ? groupBySlot(keys, client.options.keyPrefix ?? '') : [keys]
    return groups.flatMap(inBatches)
  }
  const send = <Value>(
    what: string,
    keys: readonly string[],
    command: (batch: readonly string[]) => Promise<Value>,
  ): Promise<readonly Value[]> =>
    settleAll(
      what,
      batches(keys).map((batch) => ({ batch, reply: call(what, () => command(batch)) })),
    )

  return {
    async getMany(keys) {
      const found = new Map<string, string>()
      await send('getMany', keys, async (batch) => {
        const texts = await client.mget(...batch)
        batch.forEach((key, at) => {
          const text = texts[at]
          if (typeof text === 'string') found.set(key, text)
        })
      })
      return keys.map((key) => found.get(key))
    },
    async setMany(entries, ttlMs) {
      const texts = new Map(entries)
      const expiry = ttlMs === undefined ? [] : ['PX', ttlMs]
      await send('setMany', [...texts.keys()], (batch) =>
        Promise.all(batch.map((key) => client.call('SET', key, texts.get(key) ?? '', ...expiry))),
      )
    },
    async delete(keys) {
      const counts = await send('delete', keys, (batch) => client.unlink(...batch))
      return counts.reduce((sum, count) => sum + count, 0)
    },
  }
}

function inBatches(keys: readonly string[]): readonly (readonly string[])[] {
  const batches = []
  for (let at = 0; at < keys.length; at += batchSize) batches.push(keys.slice(at, at + batchSize))
  return batches
}

/** Waits for all, so that what is done is known; then fails for those that failed, by name. */
async function settleAll<Value>(
  what: string,
  sent: readonly { readonly batch: readonly string[]; readonly reply: Promise<Value> }[],
): Promise<readonly Value[]> {
  const outcomes = await Promise.allSettled(sent.map(({ reply }) => reply))
  const failed = outcomes.flatMap((outcome, at) => (outcome.status === 'rejected' ? [at] : []))
  const [first] = failed
  if (first === undefined) {
    return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  }
  const outcome = outcomes[first]
  const cause: unknown = outcome?.status === 'rejected' ? outcome.reason : undefined
  if (!(cause instanceof StoreUnavailableError)) throw cause ?? new OperationError(what, 'failed')
  const keys = failed.flatMap((at) => sent[at]?.batch ?? [])
  const message = `${what}: ${keys.length} keys were not done (see "keys"): ${cause.message}`
  throw new StoreUnavailableError(cause.reason, message, cause, keys)
}
