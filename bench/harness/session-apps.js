import { promisify } from 'node:util'
import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { session } from '@sluice/session-store/express'
import { session as koaSession } from '@sluice/session-store/koa'
import { RedisStore } from 'connect-redis'
import express from 'express'
import peer from 'express-session'
import { Redis } from 'ioredis'
import Koa from 'koa'
import koaPeer from 'koa-session'
import { createClient } from 'redis'
import { cookieOf, whileServing } from './serve.js'
import { expectEqual } from './work.js'

process.env.NODE_ENV = 'production'

const url = process.env.BENCH_REDIS_URL
const secret = 'a secret of thirty-two bytes or so, for the bench'
const idleMs = 24 * 60 * 60 * 1000

/** What a service keeps of a visitor, half a kilobyte. */
const kept = {
  cart: Array.from({ length: 10 }, (_, at) => ({ sku: `item-${at}`, count: at + 1 })),
  theme: 'dark',
  seen: Array.from({ length: 40 }, (_, at) => at * 17),
}

const start = '/start'
const routesToStart = {
  [start]({ session }) {
    Object.assign(session, kept)
    return {}
  },
}

/** What a route does, each a function of a visitor: one that has a `session`, and can sign in. */
export const routes = {
  untouched: () => ({ ok: true }),
  read: ({ session }) => ({ items: session.cart.length }),
  write({ session }) {
    session.visits = (session.visits ?? 0) + 1
    return { visits: session.visits }
  },
  async signIn(visitor) {
    await visitor.signIn()
    return { ok: true }
  },
}

/** A contender whose `/` answers two visitors with these, one after the other. */
function contender(handler, answers) {
  const visit = async (get) => {
    const cookie = cookieOf(await get(start))
    for (const answer of answers) expectEqual(await (await get('/', cookie)).json(), answer)
  }
  const check = async (get) => {
    await visit(get)
    await visit(get)
  }
  return { handler, start, check: () => whileServing(handler, check) }
}

/** The contenders of `apps`, which do at `/` what `route` says; `answers` are what one visitor is answered in turn. */
export function answering(apps, route, answers) {
  return Object.fromEntries(
    Object.entries(apps).map(([name, app]) => [
      name,
      async () => contender(await app({ '/': route }), answers),
    ]),
  )
}

/** Sessions of Sluice on Redis for Express. */
function sluiceOnExpress(options) {
  const cache = createCache({ store: redisStore({ url }) })
  return session({ cache, secret, idle: idleMs, ...options })
}

/** Express apps with sessions on Redis, each as its documents set it up: a function of the routes by their path. */
export const expressApps = {
  sluice: (paths) => expressApp(sluiceOnExpress({}), signIn, paths),
  async 'express-session, connect-redis'(paths) {
    const client = createClient({ url })
    await client.connect()
    const store = new RedisStore({ client })
    const options = { store, secret, resave: false, saveUninitialized: false }
    const regenerate = async (req) => {
      await promisify(req.session.regenerate.bind(req.session))()
      req.session.userId = 'ada'
    }
    return expressApp(peer({ ...options, cookie: { maxAge: idleMs } }), regenerate, paths)
  },
}

/** Sluice with `lazy`: a request that does not ask for its session costs no command. */
export const lazyExpressApp = (paths) => {
  const handler = express()
  handler.use(sluiceOnExpress({ lazy: true }))
  handler.get(start, async (req, res) => {
    const session = await req.loadSession()
    res.json(routesToStart[start]({ session }))
  })
  return withRoutes(handler, undefined, paths)
}

/** No session at all; the cookie is there all the same. */
export const plainExpressApp = (paths) => {
  const handler = express()
  handler.get(start, (_req, res) => void res.cookie('id', 'x'.repeat(100)).json({}))
  return withRoutes(handler, undefined, paths)
}

const signIn = ({ session }) => session.signIn('ada')

function expressApp(middleware, signInOf, paths) {
  const handler = express()
  handler.use(middleware)
  return withRoutes(handler, signInOf, { ...routesToStart, ...paths })
}

function withRoutes(handler, signInOf, paths) {
  for (const [path, route] of Object.entries(paths)) {
    handler.get(path, async (req, res) => {
      res.json(await route(visitorOf(req, signInOf)))
    })
  }
  return handler
}

/** Looks at the session only when asked to. */
function visitorOf(holder, signInOf) {
  return {
    get session() {
      return holder.session
    },
    signIn: () => signInOf(holder),
  }
}

/** The same for Koa. */
export const koaApps = {
  sluice(paths) {
    const cache = createCache({ store: redisStore({ url }) })
    return koaApp(new Koa(), koaSession({ cache, secret, idle: idleMs }), signIn, paths)
  },
  'koa-session, ioredis'(paths) {
    const koa = new Koa()
    koa.keys = [secret]
    const regenerate = async (ctx) => {
      await ctx.session.regenerate()
      ctx.session.userId = 'ada'
    }
    return koaApp(koa, koaPeer({ store: ioredisStore(), maxAge: idleMs }, koa), regenerate, paths)
  },
}

function koaApp(koa, middleware, signInOf, paths) {
  const all = { ...routesToStart, ...paths }
  koa.use(middleware)
  koa.use(async (ctx) => {
    ctx.body = await all[ctx.path](visitorOf(ctx, signInOf))
  })
  return koa.callback()
}

/** The store that koa-session's documents describe, in a few lines of ioredis. */
function ioredisStore() {
  const redis = new Redis(url)
  return {
    get: async (key) => JSON.parse((await redis.get(key)) ?? 'null'),
    set: (key, value, maxAge) => redis.set(key, JSON.stringify(value), 'PX', maxAge),
    destroy: (key) => redis.del(key),
  }
}
