import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { redisStore } from '@sluice/core/redis'
import { startServer } from './server.ts'
import { readSettings } from './settings.ts'
import { createShop } from './shop.ts'

async function main(): Promise<void> {
  const { port, redisUrl, sessionSecret } = readSettings(process.env)
  const store =
    redisUrl === undefined ? memoryStore() : redisStore({ url: redisUrl, commandTimeout: '300ms' })
  const cache = createCache({ store, prefix: 'shop', ttl: '1h' })
  const shop = createShop({ cache, sessionSecret })
  const server = await startServer(shop.app, port)

  console.log(`The shop is open at ${server.url} (${cache.store.kind} store). Try:
  curl -s ${server.url}/products/tea
  curl -si ${server.url}/api/cart | grep -i ratelimit
  curl -s ${server.url}/health`)

  const stop = async (): Promise<void> => {
    await server.stop()
    await shop.stop()
    await cache.close()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())
}

main().catch((error: Error) => {
  console.error(`The shop cannot open: ${error.message}`)
  process.exitCode = 1
})
