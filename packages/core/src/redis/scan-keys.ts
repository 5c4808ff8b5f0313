import { escapeGlob } from '../glob.ts'
import type { ScanBatch } from '../store.ts'
import type { Caller } from './caller.ts'
import type { RedisClient } from './client.ts'

const countHint = 512

/**
 * Keys that match a glob, in the batches that SCAN gives, from every master of a Cluster. The client's own `keyPrefix`
 * goes on the pattern and comes off the keys, which ioredis does for every command but this.
 */
export async function* scanKeys(
  client: RedisClient,
  match: string,
  call: Caller['call'],
): AsyncGenerator<ScanBatch> {
  const keyPrefix = client.options.keyPrefix ?? ''
  const pattern = escapeGlob(keyPrefix) + match
  for (const node of client.nodes?.('master') ?? [client]) {
    let cursor = '0'
    do {
      const at = cursor
      const [next, keys] = await call('scan', () =>
        node.scan(at, 'MATCH', pattern, 'COUNT', countHint),
      )
      yield { keys: keys.map((key) => key.slice(keyPrefix.length)), scanned: countHint }
      cursor = next
    } while (cursor !== '0')
  }
}
