import type { Redis } from 'ioredis'
import { waitUntil } from './wait-until.ts'

/** Arguments of a primary whose replicas are to be in sync at once, rather than after the usual five seconds. */
export const SYNC_AT_ONCE: readonly string[] = ['--repl-diskless-sync-delay', '0']

/** Waits until a replica has all that its primary has: before that, it may not take the primary's place. */
export async function replicaInSync(replica: Redis): Promise<void> {
  const isInSync = async (): Promise<boolean> =>
    (await replica.info('replication')).includes('master_link_status:up')
  await waitUntil(isInSync, { what: 'the replica to be in sync' })
}
