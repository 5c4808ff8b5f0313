import { createRequire } from 'node:module'
import type { Store } from '@sluice/core'
import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import type { HttpApp, HttpAppFactory, RouteContext, RouteHandler } from '@sluice/testkit'
import type { RequestHandler } from 'express'
import type { Middleware } from 'koa'
import koaSession, { type CreateSessionOptions } from 'koa-session'
import type { ExpressSession, ExpressSessionData } from '../src/express-session.ts'
import { setCookies, withResolvers } from './fixtures.ts'

/** Options of express-session, as far as the tests need them. */
export interface StockOptions {
  secret: string
  store: object
  resave: boolean
  saveUninitialized: boolean
  rolling?: boolean
  unset?: 'destroy'
  cookie?: { maxAge?: number }
}

/** `req.session` of either middleware, with what the tests keep. */
export type StockSession = ExpressSession & ExpressSessionData & Record<string, unknown>

/** The stock middleware. Its types would claim `req.session` of every Express request of this program, ours included. */
export const expressSession: ((options: StockOptions) => RequestHandler) & {
  Store: new () => object
} = createRequire(import.meta.url)('express-session')

/** An Express app behind stock express-session. */
export function expressApp(
  factory: Pick<HttpAppFactory, 'create'>,
  store: object,
  routes: Record<string, RouteHandler>,
  options: Partial<StockOptions> = {},
): HttpApp {
  const session = expressSession({
    secret: 'a secret of the stock middleware',
    store,
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 60_000 },
    ...options,
  })
  return factory.create({ express: [session], routes })
}

/** A Koa app behind stock koa-session, which wants the app before it can be made. */
export function koaApp(
  factory: Pick<HttpAppFactory, 'create'>,
  store: NonNullable<CreateSessionOptions['store']>,
  routes: Record<string, RouteHandler>,
  options: CreateSessionOptions = {},
): HttpApp {
  let stock: Middleware | undefined
  const session: Middleware = async (ctx, next) => {
    ctx.app.keys = ['a key of the stock middleware']
    stock ??= koaSession({ store, maxAge: 60_000, ...options }, ctx.app)
    await stock(ctx, next)
  }
  return factory.create({ koa: [session], routes })
}

/** The session of a request; of koa-session it has no cookie. */
export function stockSessionOf({ request }: RouteContext): StockSession {
  return request.session as unknown as StockSession
}

/** The attributes of a request's session, without what the middleware keeps there. */
export function attributesOf(context: RouteContext): Record<string, unknown> {
  const { cookie: _, ...attributes } = JSON.parse(JSON.stringify(stockSessionOf(context)))
  return attributes
}

/** Waits for a method of express-session that calls back. */
export function called(run: (callback: (error: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    run((error) => (error ? reject(new Error('the callback was given an error')) : resolve()))
  })
}

/** `name=value` of every cookie that a response set, for the next request. */
export function cookiesOf(response: { headers: Record<string, unknown> }): string {
  return setCookies(response)
    .map((line) => line.split(';')[0])
    .join('; ')
}

/** A store whose operations wait on request. */
export interface HeldStore {
  readonly store: Store
  /** Names of the operations that ran, oldest first. */
  readonly ran: string[]
  /** From now on none of that name runs before so many have come: what they read is read by then. */
  holdUntil(name: string, count: number): void
  /** The next one of that name waits until it is let go. */
  holdNext(name: string): { held: Promise<void>; letGo: () => void }
}

/** The store, watched. */
export function heldStore(inner: Store): HeldStore {
  let before = (_name: string): Promise<void> | undefined => undefined
  const ran: string[] = []
  return {
    ran,
    store: {
      ...inner,
      async run<Args, Result>(operation: Operation<Args, Result>, args: Args): Promise<Result> {
        const name = operation.name.replace('session-store.compat-', '')
        ran.push(name)
        await before(name)
        return inner.run(operation, args)
      },
    },
    holdUntil(name, count) {
      const all = withResolvers()
      let come = 0
      before = (running) => {
        if (running !== name) return undefined
        if (++come === count) all.resolve()
        return all.promise
      }
    },
    holdNext(name) {
      const [held, gate] = [withResolvers(), withResolvers()]
      let next = true
      before = (running) => {
        if (running !== name || !next) return undefined
        next = false
        held.resolve()
        return gate.promise
      }
      return { held: held.promise, letGo: gate.resolve }
    },
  }
}

const pttl: Operation<{ key: string }, number> = defineOperation({
  name: 'test.pttl',
  readOnly: true,
  keys: ({ key }) => [key],
  argv: () => [],
  lua: lua`
    -- KEYS[1] any key   replies what is left of its life in ms, -1 without an end
    return redis.call('PTTL', KEYS[1])`,
  memory: (view, [key]) => view.pTtl(key),
  reply: (left) => left,
})

/** All keys that match, with what is left of their lives in ms. */
export async function ttlsOf(store: Store, match: string): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for await (const { keys } of store.scan(match)) {
    for (const key of keys) found.set(key, await store.run(pttl, { key }))
  }
  return found
}
