import type { NearEntry, NearSource, Watch, WatchOptions } from '../near-source.ts'
import { readWithTtl } from '../operations/near.ts'
import type { Call } from './caller.ts'
import type { RedisClient } from './client.ts'
import { pubsubPlan, tellKeys, trackingPlan } from './link-plans.ts'
import { batchSender } from './many.ts'
import { runOperation } from './run-script.ts'
import { openWatch, serverEvents, type MasterWatch } from './watch.ts'

type Found = readonly (NearEntry | undefined)[]

/**
 * Reads and watches for a near store. Nothing is opened before the first watch.
 *
 * @param client the one whose servers are watched, and by which all is read: another might work with other servers
 */
export function nearSource(client: RedisClient, call: Call): NearSource {
  const send = batchSender(client, call)
  const watches = new Set<MasterWatch>()
  const follow = (): void => {
    for (const watch of watches) watch.follow()
  }
  // A script is never sent to a replica, where an old value could come back after its invalidation.
  const readBatch = (keys: readonly string[]): Promise<Found> =>
    runOperation(client, readWithTtl, { keys })

  async function readMany(keys: readonly string[]): Promise<Found> {
    const found = new Map<string, NearEntry | undefined>()
    await send('getMany', keys, async (batch) => {
      const read = await readBatch(batch)
      batch.forEach((key, at) => found.set(key, read[at]))
    })
    return keys.map((key) => found.get(key))
  }

  return {
    async read(keys) {
      const found = await (keys.length === 1
        ? call('get', () => readBatch(keys), undefined, keys[0])
        : readMany(keys))
      // A redirected read may have found a master that no event told of.
      follow()
      return found
    },
    watch(options: WatchOptions): Watch {
      const plan = options.source === 'tracking' ? trackingPlan : pubsubPlan
      const watch = openWatch(client, plan(client, options))
      if (watches.size === 0) for (const event of serverEvents) client.on(event, follow)
      watches.add(watch)
      return {
        coherentAtMs: watch.coherentAtMs,
        close() {
          watches.delete(watch)
          watch.close()
          if (watches.size === 0) for (const event of serverEvents) client.off(event, follow)
        },
      }
    },
    tell: (base, keys) => tellKeys(call, client.options.keyPrefix ?? '', base, keys),
  }
}
