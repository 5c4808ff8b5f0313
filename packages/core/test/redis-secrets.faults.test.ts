import { inspect } from 'node:util'
import { createCache, StoreUnavailableError, type RootCache } from '@sluice/core'
import { redisStore, type RedisStoreOptions } from '@sluice/core/redis'
import {
  startCluster,
  startRedis,
  startSentinel,
  waitUntil,
  type RedisServer,
} from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'

const secret = 'hunter2'

/** Everything that the process wrote while a test ran. */
let written: string[] = []
const cleanups: (() => Promise<unknown>)[] = []
beforeEach(() => {
  written = []
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      written.push(String(text))
      return true
    })
  }
  for (const name of ['log', 'warn', 'error', 'info', 'debug'] as const) {
    vi.spyOn(console, name).mockImplementation((...all) => void written.push(inspect(all)))
  }
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
  vi.restoreAllMocks()
  if (written.join('\n').includes(secret)) throw new Error('The password was written to a log.')
})

function shown(thing: unknown): string {
  return inspect(thing, { showHidden: true, depth: 10, showProxy: true, getters: true })
}

function open(options: RedisStoreOptions): RootCache {
  const cache = createCache({ store: redisStore({ commandTimeout: 300, ...options }) })
  cleanups.push(() => cache.close())
  expect(shown(cache)).not.toContain(secret)
  expect(shown(cache.namespace('inner'))).not.toContain(secret)
  expect(shown(cache.store)).not.toContain(secret)
  return cache
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail('the call should have failed'),
    (error: unknown) => error,
  )
}

/** Every verb's failure, shown whole, causes and stack included. */
async function failsWithoutIt(cache: RootCache): Promise<void> {
  for (const call of [
    () => cache.get('key'),
    () => cache.set('key', 1),
    () => cache.getMany(['a', 'b']),
    () => cache.setMany([['a', 1]]),
    () => cache.increment('count'),
    () => cache.keysMatching('*'),
  ]) {
    const failure = await failureOf(call())
    expect(failure).toBeInstanceOf(StoreUnavailableError)
    expect(shown(failure)).not.toContain(secret)
    expect(JSON.stringify(failure)).not.toContain(secret)
    expect((failure as Error).stack).not.toContain(secret)
  }
}

describe('no password is shown, whatever goes wrong:', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis({ args: ['--requirepass', 'right'] })
  })
  afterAll(() => server.stop())

  it('a wrong password, by option', async () => {
    await failsWithoutIt(open({ port: server.port, password: secret }))
  })

  it('a wrong password, by url', async () => {
    await failsWithoutIt(open({ url: `redis://:${secret}@127.0.0.1:${server.port}` }))
  })

  it('an ACL user that there is not', async () => {
    await failsWithoutIt(open({ port: server.port, username: 'nobody', password: secret }))
  })

  it('a server without a password', async () => {
    const open_ = await startRedis()
    cleanups.push(() => open_.stop())
    const cache = open({ port: open_.port, password: secret })
    await cache.ping()
    await open_.kill()
    await failsWithoutIt(cache)
  })

  it('a server that is not there, or goes away', async () => {
    await failsWithoutIt(open({ url: `redis://ada:${secret}@127.0.0.1:1` }))
  })

  it('a server that knows no HELLO, and repeats its arguments', async () => {
    const old = await startRedis({ args: ['--rename-command', 'HELLO', ''] })
    cleanups.push(() => old.stop())
    const admin = new Redis({ port: old.port, protocol: 2 })
    await admin.config('SET', 'requirepass', 'right')
    admin.disconnect()
    await failsWithoutIt(open({ port: old.port, password: secret }))
  })

  it('a Cluster', async () => {
    const cluster = await startCluster()
    cleanups.push(() => cluster.stop())
    for (const port of cluster.ports) {
      const node = new Redis(port)
      await node.config('SET', 'requirepass', 'right')
      node.disconnect()
    }
    const nodes = cluster.ports.map((port) => ({ host: '127.0.0.1', port }))
    const cache = open({ cluster: nodes, password: secret })
    await failsWithoutIt(cache)
    await expect(cache.get('key')).rejects.toMatchObject({ reason: 'denied' })
    const right = open({ cluster: nodes, password: 'right' })
    await waitUntil(() => right.ping(), { what: 'the Cluster to let the right one in' })
  })

  it('Sentinel', async () => {
    const set = await startSentinel()
    cleanups.push(() => set.stop())
    const admin = new Redis(set.primary.url)
    await admin.config('SET', 'requirepass', 'right')
    admin.disconnect()
    const { name, sentinels } = set
    await failsWithoutIt(open({ name, sentinels, password: secret }))
  })
})

it('what an application keeps is not in the errors of the store either', async () => {
  const server = await startRedis()
  cleanups.push(() => server.stop())
  const cache = open({ port: server.port })
  const admin = new Redis(server.url)
  await admin.lpush('sluice:list', 'x')
  const other = await failureOf(cache.compareAndSwap('list', secret, secret))
  expect(other).toMatchObject({ code: 'SLUICE_OPERATION' })
  expect(shown(other)).not.toContain(secret)
  await admin.config('SET', 'maxmemory', '1')
  admin.disconnect()
  const odd = await startRedis({ args: ['--rename-command', 'SET', ''] })
  cleanups.push(() => odd.stop())
  const unknown = await failureOf(open({ port: odd.port }).set('key', secret))
  expect(unknown).toMatchObject({ code: 'SLUICE_OPERATION' })
  expect(shown(unknown)).toContain('unknown command')
  expect(shown(unknown)).not.toContain(secret)
  const full = await failureOf(cache.set('key', secret))
  expect(full).toMatchObject({ reason: 'not-serving' })
  expect(shown(full)).not.toContain(secret)
  await server.kill()
  expect(shown(await failureOf(cache.set('key', secret)))).not.toContain(secret)
})
