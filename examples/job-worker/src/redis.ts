import { createCache, type Cache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { Redis } from 'ioredis'
import { howToStart } from './settings.ts'

/** One Redis: Sluice's own client under the cache, and one of the application for BullMQ and the ledger. */
export interface Connections extends AsyncDisposable {
  readonly cache: Cache
  readonly client: Redis
}

/**
 * Connects, and makes sure that somebody answers.
 *
 * @throws Error that names the server and the fix
 */
export async function connect(url: string, warn: (error: Error) => void): Promise<Connections> {
  const cache = createCache({ store: redisStore({ url }), prefix: 'jobs' })
  if (!(await cache.ping())) {
    await cache.close()
    throw new Error(`Nothing answers at ${new URL(url).host}. ${howToStart}`)
  }
  // BullMQ asks for this: its commands wait until Redis is back.
  const client = new Redis(url, { maxRetriesPerRequest: null })
  client.on('error', warn)
  return {
    cache,
    client,
    async [Symbol.asyncDispose]() {
      await Promise.all([cache.close(), client.quit()])
    },
  }
}
