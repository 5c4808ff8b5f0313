// One process of the shop, started by main.ts.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { createShop } from '@sluice/example-express-shop'
import { createApp } from '@sluice/example-express-shop/express'
import { readOrders, type Opened } from './app-process.ts'

const { name, clusterPorts } = readOrders(process.env)

const store = redisStore({
  cluster: clusterPorts.map((port) => ({ host: '127.0.0.1', port })),
})
const cache = createCache({ store, prefix: 'shop', ttl: '1h' })
const shop = createShop({ cache, sessionSecret: 'for this demonstration on one machine only' })
const app = createApp(shop)
// One proxy stands in front: a client is who the proxy says, not who the client says it is.
app.set('trust proxy', 1)

const server = createServer((req, res) => {
  res.setHeader('X-Served-By', name)
  app(req, res)
})
// This machine only: who comes past the proxy could claim any address.
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
const opened: Opened = { port: typeof address === 'object' ? (address?.port ?? 0) : 0 }
process.send?.(opened)

// A Ctrl-C at the terminal comes here too; the parent says when, or is gone.
process.on('SIGINT', () => undefined)
await once(process, 'disconnect')
await new Promise((resolve) => server.close(resolve))
await shop.stop()
await cache.close()
