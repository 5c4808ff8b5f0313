import type { RequestListener } from 'node:http'
import { createCache, type Store } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { redisStore } from '@sluice/core/redis'
import { startServer } from './server.ts'
import { readSettings, type Settings } from './settings.ts'
import { createShop, type Shop } from './shop.ts'

/**
 * Opens a shop as the environment says and closes it on SIGINT and SIGTERM. A shop that cannot open says why, and the process
 * ends with exit code 1.
 *
 * @param createListener makes the application: all that a framework has to do with it
 */
export async function runShop(createListener: (shop: Shop) => RequestListener): Promise<void> {
  try {
    await open(readSettings(process.env), createListener)
  } catch (error) {
    console.error(`The shop cannot open: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}

async function open(
  { port, redisUrl, sessionSecret }: Settings,
  createListener: (shop: Shop) => RequestListener,
): Promise<void> {
  const cache = createCache({ store: storeAt(redisUrl), prefix: 'shop', ttl: '1h' })
  const shop = createShop({ cache, sessionSecret })
  const server = await startServer(createListener(shop), port)
  console.log(greeting(server.url, cache.store.kind))
  let stopped: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    await server.stop()
    await shop.stop()
    await cache.close()
  }
  // For good: under npm one Ctrl-C comes twice, and the second must not cut the work short.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => void (stopped ??= stop()))
}

function storeAt(redisUrl: string | undefined): Store {
  return redisUrl === undefined
    ? memoryStore()
    : redisStore({ url: redisUrl, commandTimeout: '300ms' })
}

function greeting(url: string, store: string): string {
  return `The shop is open at ${url} (${store} store). Try:
  curl -s ${url}/products/tea
  curl -si ${url}/api/cart | grep -i ratelimit
  curl -s ${url}/health`
}
