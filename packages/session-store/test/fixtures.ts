import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { RequestListener } from 'node:http'
import { createCache, StoreUnavailableError, type Cache, type Store } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import type { AbsorbedFailure, Operation } from '@sluice/core/extend'
import { manualClock, type ManualClock } from '@sluice/core/testing'
import type {
  HttpApp,
  HttpAppFactory,
  HttpAppOptions,
  RouteContext,
  RouteHandler,
} from '@sluice/testkit'
import type { Session, SessionOptions } from '@sluice/session-store'
import { session as expressSession } from '@sluice/session-store/express'
import { session as koaSession } from '@sluice/session-store/koa'
import request from 'supertest'
import { beforeEach } from 'vitest'

/** What the tests keep in sessions. */
export interface TestData {
  a: unknown
  b: unknown
  c: unknown
  cart: string[]
  count: number
  profile: { name: string; tags: string[] }
}

export const secret = 'the-first-secret-of-32-bytes-0001'
export const otherSecret = 'the-other-secret-of-32-bytes-0002'

/** A store that counts, delays or fails operations on request: the real one underneath. */
export interface WatchedStore {
  readonly store: Store
  /** Names of the operations that ran, oldest first. */
  readonly ran: string[]
  /** Awaited before an operation runs. */
  before: (name: string) => Promise<void> | void
  /** From now on every operation fails as a store that is away does. */
  away: boolean
}

function watch(inner: Store): WatchedStore {
  const watched: WatchedStore = {
    ran: [],
    before: () => undefined,
    away: false,
    store: {
      ...inner,
      async run<Args, Result>(operation: Operation<Args, Result>, args: Args): Promise<Result> {
        watched.ran.push(operation.name.replace('session-store.', ''))
        await watched.before(operation.name.replace('session-store.', ''))
        if (watched.away) throw new StoreUnavailableError('disconnected', 'away for the test')
        return inner.run(operation, args)
      },
      async delete(keys) {
        watched.ran.push('delete')
        return inner.delete(keys)
      },
    },
  }
  return watched
}

/** Lets no operation of a name run before so many of them have come: what they read is read by then. */
export function holdUntil(watched: WatchedStore, name: string, count: number): void {
  const all = withResolvers()
  let come = 0
  watched.before = (running) => {
    if (running !== name) return undefined
    if (++come === count) all.resolve()
    return all.promise
  }
}

/** A cache on memory whose time a test moves and whose operations it sees. */
export interface Bench {
  readonly clock: ManualClock
  readonly cache: Cache
  readonly watched: WatchedStore
  /** Keys of the store that begin with the area, such as `session` or `session-user`. */
  keys(area: string): Promise<string[]>
}

export function bench(): Bench {
  const clock = manualClock()
  const watched = watch(memoryStore({ clock }))
  const cache = createCache({ store: watched.store, prefix: 'test' })
  return {
    clock,
    cache,
    watched,
    keys: (area) => keysOf(watched.store, `test#${area}:*`),
  }
}

/** A new bench before each test, under one name. */
export function benchPerTest(): Bench {
  let current = bench()
  beforeEach(() => {
    current = bench()
  })
  return {
    get clock() {
      return current.clock
    },
    get cache() {
      return current.cache
    },
    get watched() {
      return current.watched
    },
    keys: (area) => current.keys(area),
  }
}

async function keysOf(store: Store, match: string): Promise<string[]> {
  const keys: string[] = []
  for await (const batch of store.scan(match)) keys.push(...batch.keys)
  return keys
}

/** The session of a request, whatever the framework. */
export function sessionOf({ request }: RouteContext): Session<TestData> {
  return request.session as unknown as Session<TestData>
}

/** Routes that do what sessions are for. */
export const routes: Record<string, RouteHandler> = {
  'GET /': (context) => ({ ...sessionOf(context) }),
  'GET /who': (context) => {
    const { id, isNew, userId } = sessionOf(context)
    return { id, isNew, userId }
  },
  'POST /set': (context) => {
    Object.assign(sessionOf(context), context.body)
    return 'set'
  },
  'POST /sign-in': async (context) => {
    sessionOf(context).count ??= 1
    await sessionOf(context).signIn(String(context.query.get('user')))
    return 'signed in'
  },
  'POST /rotate': async (context) => String(await sessionOf(context).rotate()),
  'POST /sign-out': async (context) => {
    await sessionOf(context).destroy()
    return 'signed out'
  },
  'POST /nested': (context) => {
    sessionOf(context).profile?.tags.push('new')
    return 'pushed'
  },
  'POST /increment': async (context) => ({
    count: await sessionOf(context).update('count', (count = 0) => count + 1),
  }),
}

/** An app with `session()` in front of its routes. */
export function appWithSession(
  factory: Pick<HttpAppFactory, 'create'>,
  options: SessionOptions,
  routes: HttpAppOptions['routes'],
  more: Partial<HttpAppOptions> = {},
): HttpApp {
  return factory.create({
    ...more,
    express: [expressSession(options), ...(more.express ?? [])],
    koa: [koaSession(options), ...(more.koa ?? [])],
    routes,
  })
}

/** What is reported while a test runs, and stops being heard when it is disposed of. */
export function heardFailures(): { readonly failures: AbsorbedFailure[] } & Disposable {
  const failures: AbsorbedFailure[] = []
  const hear = (failure: unknown): void => void failures.push(failure as AbsorbedFailure)
  subscribe('sluice:session-store:failure', hear)
  return {
    failures,
    [Symbol.dispose]: () => void unsubscribe('sluice:session-store:failure', hear),
  }
}

/** The apps of a suite on one framework. */
export interface SessionApps {
  options(): SessionOptions
  /** An app with the usual routes, and more. */
  app(more?: HttpAppOptions['routes'], options?: Partial<SessionOptions>): RequestListener
  /** The cookie of a user who has just signed in. */
  signedIn(listener: RequestListener, user?: string): Promise<string>
}

/** Apps whose sessions are on the bench. */
export function sessionApps(factory: Pick<HttpAppFactory, 'create'>, b: Bench): SessionApps {
  const options = (): SessionOptions => ({ cache: b.cache, secret, idle: '10m' })
  return {
    options,
    app: (more, others) =>
      appWithSession(factory, { ...options(), ...others }, { ...routes, ...more }).listener,
    signedIn: async (listener, user = 'ada') =>
      cookieOf(await request(listener).post(`/sign-in?user=${user}`)) ?? '',
  }
}

/** `name=value` of the cookie that a response set, for the next request; undefined when it set none. */
export function cookieOf(response: { headers: Record<string, unknown> }): string | undefined {
  const [first] = setCookies(response)
  return first?.split(';')[0]
}

/** Whole Set-Cookie lines. */
export function setCookies(response: { headers: Record<string, unknown> }): string[] {
  const lines = response.headers['set-cookie']
  return Array.isArray(lines) ? lines.map(String) : []
}

/** A promise and what settles it. */
export function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
