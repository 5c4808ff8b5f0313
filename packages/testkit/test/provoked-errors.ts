import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer } from 'node:net'
import { ConflictError, createCache, StoreFullError, type Store } from '@sluice/core'
import { tenantCache } from '@sluice/core/express'
import { memoryStore } from '@sluice/core/memory'
import { redisStore } from '@sluice/core/redis'
import { manualClock } from '@sluice/core/testing'
import {
  assertLocked,
  createLocks,
  LockBusyError,
  LockLostError,
  LockNotReplicatedError,
  LockTimeoutError,
} from '@sluice/distributed-lock'
import { clientKey, QueueFullError } from '@sluice/rate-limiter'
import { createSessions } from '@sluice/session-store'
import { requireSession, session } from '@sluice/session-store/express'
import { createGuard, LoadTimeoutError } from '@sluice/stampede-guard'
import express, { type RequestHandler } from 'express'
import request from 'supertest'
import { vi } from 'vitest'

const secret = 'a secret of at least thirty-two bytes'
const lockName = 'order:7'

/**
 * Every code of an error, and how it comes about: what rejects, or the error itself where its class writes the message and
 * provoking it would take real time.
 */
export const provoked: Readonly<Record<string, () => unknown>> = {
  SLUICE_OPTION: () => createCache(Object.fromEntries([['prefx', 'shop']])),
  SLUICE_KEY: () => createCache().get(''),
  SLUICE_VALUE: () => createCache().set('a', { items: [{ render: () => '' }] }),
  SLUICE_COUNTER: countText,
  SLUICE_CONFLICT: overtake,
  SLUICE_TENANT: () => errorOf(tenantCache({ cache: createCache(), tenant: () => undefined })),
  SLUICE_STORE_UNAVAILABLE: askSilentServer,
  async SLUICE_STORE_CLOSED() {
    const cache = createCache()
    await cache.close()
    await cache.get('a')
  },
  SLUICE_STORE_FULL: () => new StoreFullError(1_000_000),
  async SLUICE_OPERATION() {
    const cache = createCache()
    await cache.store.set(cache.stateKey('lock', 'order:7'), 'written by somebody else')
    await createLocks({ cache }).tryAcquire('order:7')
  },
  SLUICE_CLIENT_ADDRESS: () => clientKey(undefined),
  SLUICE_QUEUE_FULL: () => new QueueFullError(1000),
  SLUICE_SESSION_HEADERS_SENT: signInLate,
  SLUICE_SESSION_NOT_MOUNTED: () => errorOf(requireSession()),
  SLUICE_SESSION_REVOKED: endAllDuringSignIn,
  async SLUICE_SESSION_LIMIT() {
    const sessions = createSessions({ cache: createCache(), maxPerUser: 5, onTooMany: 'refuse' })
    for (let at = 0; at <= 5; at++) await sessions.create({ userId: 'ada' })
  },
  SLUICE_SESSION_GONE: endDuringRequest,
  SLUICE_LOCK_BUSY: () => new LockBusyError({ lockName, remainingMs: 1 }),
  SLUICE_LOCK_TIMEOUT: () =>
    new LockTimeoutError({ lockName, remainingMs: 1, waitedMs: 10_000, attempts: 2 }),
  SLUICE_LOCK_LOST: () =>
    new LockLostError({ lockName, fence: 1, reason: 'deadline', cause: new Error('late') }),
  SLUICE_LOCK_NOT_HELD: () => assertLocked(lockName),
  SLUICE_LOCK_NOT_REPLICATED: () => new LockNotReplicatedError(lockName, new Error('1 of 2')),
  SLUICE_LOAD_TIMEOUT: () => new LoadTimeoutError('user:1', 2000),
  async SLUICE_GUARD_CLOSED() {
    const guard = createGuard({ cache: createCache(), ttl: '1m' })
    await guard.close()
    await guard.get('a', () => 1)
  },
}

async function countText(): Promise<void> {
  const cache = createCache()
  await cache.set('a', 'text')
  await cache.increment('a')
}

/** An update that finds the entry changed each time. */
async function overtake(): Promise<unknown> {
  vi.spyOn(Math, 'random').mockReturnValue(0) // It waits for a time by chance before it asks again.
  const cache = createCache()
  let count = 0
  try {
    return await cache.update('a', async () => {
      await cache.set('a', ++count)
      return 'mine'
    })
  } catch (error) {
    return error instanceof ConflictError && count === 100 ? error : undefined
  } finally {
    vi.restoreAllMocks()
  }
}

/** A server that takes connections and answers nothing. */
async function askSilentServer(): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => undefined)).unref()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const store = redisStore({ host: '127.0.0.1', port: port ?? 0, commandTimeout: '100ms' })
  try {
    await store.get('a')
  } finally {
    await store.close()
    server.close()
  }
}

/** What a middleware or handler gives to `next`. */
async function errorOf(...handlers: RequestHandler[]): Promise<unknown> {
  const caught: unknown[] = []
  const app = express()
  app.use(...handlers)
  const keep: express.ErrorRequestHandler = (error, _req, res, _next) => {
    caught.push(error)
    res.end()
  }
  app.use(keep)
  await request(app).get('/')
  return caught[0]
}

function signInLate(): Promise<unknown> {
  return errorOf(session({ cache: createCache(), secret }), async (req, res) => {
    res.write('begun')
    await req.session.signIn('ada')
  })
}

async function endAllDuringSignIn(): Promise<void> {
  const clock = manualClock()
  const store = memoryStore({ clock })
  const late: Store = {
    ...store,
    async run(operation, args, ...rest) {
      // The record is written, and not listed yet.
      if (operation.name === 'session-store.index-add') {
        clock.advance(5)
        await sessions.destroyAll('ada')
      }
      return store.run(operation, args, ...rest)
    },
  }
  const sessions = createSessions({ cache: createCache({ store: late }) })
  await sessions.create({ userId: 'ada' })
}

async function endDuringRequest(): Promise<unknown> {
  let reported: unknown
  const listen = (message: unknown): void => {
    reported = Reflect.get(Object(message), 'error')
  }
  const cache = createCache()
  const app = express().use(session({ cache, secret }))
  app.get('/in', async (req, res) => {
    await req.session.signIn('ada')
    res.end()
  })
  app.get('/slow', async (req, res) => {
    Object.assign(req.session, { a: 'late' })
    await createSessions({ cache }).destroyAll('ada')
    res.end()
  })
  subscribe('sluice:session-store:failure', listen)
  const agent = request.agent(app)
  await agent.get('/in')
  await agent.get('/slow')
  unsubscribe('sluice:session-store:failure', listen)
  return reported
}
