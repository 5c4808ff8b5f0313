import type { Store } from '@sluice/core'
import { nearStore, type NearStore, type NearStoreOptions } from '@sluice/core/near'
import { waitUntil } from '@sluice/testkit'

/** Reads a key of the prefix, and waits until its watch listens: from then on, reads of it are kept. */
export async function listening(near: NearStore, prefix: string): Promise<NearStore> {
  await near.get(`${prefix}:warm`)
  await waitUntil(() => near.nearStats().serving, { what: 'the near store to listen' })
  return near
}

/** A near store whose calls wait until it listens, so that a suite runs on what is kept and not on what passes through. */
export function listeningStore(store: Store, prefix: string, options?: NearStoreOptions): Store {
  const near = nearStore(store, options)
  let waiting: Promise<NearStore> | undefined
  const ready = (): Promise<NearStore> => (waiting ??= listening(near, prefix))
  return {
    ...near,
    get: async (key) => (await ready()).get(key),
    getMany: async (keys) => (await ready()).getMany(keys),
    set: async (key, payload, how) => (await ready()).set(key, payload, how),
    setMany: async (pairs, ttlMs) => (await ready()).setMany(pairs, ttlMs),
    run: async (operation, args, how) => (await ready()).run(operation, args, how),
  }
}

/**
 * Reads keys until they are all kept. One read may not be enough after a write of one's own: the server tells of it too,
 * and the message may come behind the read.
 */
export async function kept(near: NearStore, keys: readonly string[]): Promise<void> {
  const areKept = async (): Promise<boolean> => {
    const { misses } = near.nearStats()
    await near.getMany(keys)
    return near.nearStats().misses === misses
  }
  await waitUntil(areKept, { what: 'the keys to be kept' })
}
