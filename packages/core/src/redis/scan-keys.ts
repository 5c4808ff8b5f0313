import { escapeGlob } from '../glob.ts'
import type { ScanBatch } from '../store.ts'
import type { Call } from './caller.ts'
import type { RedisClient } from './client.ts'

const countHint = 512

/**
 * Keys that match a glob, in the batches that SCAN gives, from every master of a Cluster. The client's own `keyPrefix`
 * goes on the pattern and comes off the keys, which ioredis does for every command but this.
 */
export async function* scanKeys(
  keyPrefix: string,
  match: string,
  call: Call,
): AsyncGenerator<ScanBatch> {
  const pattern = escapeGlob(keyPrefix) + match
  for (const master of await call('scan', mastersOf)) {
    let cursor = '0'
    do {
      const at = cursor
      const [next, keys] = await call('scan', (client) =>
        (master ?? client).scan(at, 'MATCH', pattern, 'COUNT', countHint),
      )
      yield { keys: keys.map((key) => key.slice(keyPrefix.length)), scanned: countHint }
      cursor = next
    } while (cursor !== '0')
  }
}

/**
 * The masters of a Cluster, asked for anew: a client hears of one that joined only when a command is sent there.
 * `undefined` stands for the one server that there is otherwise.
 */
async function mastersOf(client: RedisClient): Promise<readonly (RedisClient | undefined)[]> {
  if (client.nodes === undefined) return [undefined]
  await new Promise<void>((resolve, reject) => {
    client.refreshSlotsCache?.((error) => (error instanceof Error ? reject(error) : resolve()))
  })
  return client.nodes('master')
}
