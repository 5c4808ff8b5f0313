import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { session } from '@sluice/session-store/express'
import { RedisStore } from 'connect-redis'
import express from 'express'
import peer from 'express-session'
import { createClient } from 'redis'

process.env.NODE_ENV = 'production'

const url = process.env.BENCH_REDIS_URL
const secret = 'a secret of thirty-two bytes or so, for the bench'
const idleMs = 24 * 60 * 60 * 1000

/** What a service keeps of a visitor, about a kilobyte. */
const kept = {
  cart: Array.from({ length: 10 }, (_, at) => ({ sku: `item-${at}`, count: at + 1 })),
  theme: 'dark',
  seen: Array.from({ length: 40 }, (_, at) => at * 17),
}

/** @param answer makes what a request is answered with of its session */
function app(middleware, answer) {
  const handler = express()
  handler.use(middleware)
  handler.get('/start', (req, res) => {
    Object.assign(req.session, kept)
    res.json({})
  })
  handler.get('/', (req, res) => void res.json(answer(req.session)))
  return { handler, start: '/start' }
}

/** Express apps with sessions on Redis, each as its documents set it up. */
export function expressSessions(answer) {
  return {
    async sluice() {
      const cache = createCache({ store: redisStore({ url }) })
      return app(session({ cache, secret, idle: idleMs }), answer)
    },
    async 'express-session, connect-redis'() {
      const client = createClient({ url })
      await client.connect()
      const store = new RedisStore({ client })
      const options = { store, secret, resave: false, saveUninitialized: false }
      return app(peer({ ...options, cookie: { maxAge: idleMs } }), answer)
    },
  }
}
