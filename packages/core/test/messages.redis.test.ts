import type { Store } from '@sluice/core'
import { nearStore } from '@sluice/core/near'
import { redisStore } from '@sluice/core/redis'
import { redisUrl, startRedis, uniquePrefix, waitUntil } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freePort, makeCertificate, tlsArguments, type Certificate } from './certificates.ts'
import { createEar, gap, listening, publish } from './told.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function kept(store: Store): Store {
  cleanups.push(() => store.close())
  return store
}

async function startOwn(...args: string[]): Promise<{ port: number; admin: Redis; url: string }> {
  const server = await startRedis({ args })
  const admin = new Redis(server.port)
  cleanups.push(
    () => server.stop(),
    () => admin.disconnect(),
  )
  return { port: server.port, url: server.url, admin }
}

async function connections(admin: Redis, type: 'pubsub' | 'normal'): Promise<number> {
  const list = String(await admin.call('CLIENT', 'LIST', 'TYPE', type)).trim()
  return list === '' ? 0 : list.split('\n').length
}

async function calls(admin: Redis, command: string): Promise<number> {
  const stats = await admin.info('commandstats')
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
}

describe.each([
  ['ioredis 6', (port: number, options: object) => new Redis(port, options)],
  ['ioredis 5.4', (port: number, options: object) => new Redis5(port, options)],
] as const)('a client of the application, on %s', (_, open) => {
  it('whose keyPrefix is its own hears what others publish, and they what it does', async () => {
    const client = open(Number(new URL(redisUrl()).port), { keyPrefix: 'app:' })
    cleanups.push(() => client.disconnect())
    const [own, other] = [kept(redisStore(client)), kept(redisStore({ url: redisUrl() }))]
    const channel = uniquePrefix('channel')
    const ears = [await listening(own, channel), await listening(other, channel)]
    await own.run(publish, { channel, message: 'from it' })
    await waitUntil(() => ears.every(({ heard }) => heard.length === 1), { what: 'the first' })
    await other.run(publish, { channel, message: 'to it' })
    await waitUntil(() => ears.every(({ heard }) => heard.length === 2), { what: 'the second' })
    expect(ears.map(({ heard }) => heard)).toEqual([
      ['from it', 'to it'],
      ['from it', 'to it'],
    ])
  })

  it('is itself never a subscriber, and has its own listeners alone after close', async () => {
    const { admin, port } = await startOwn()
    const client = open(port, {})
    cleanups.push(() => client.disconnect())
    const events = [...client.eventNames(), 'ready', 'close', 'end', '+node', '-node', 'refresh']
    const listeners = (): number[] => events.map((event) => client.listenerCount(event))
    await client.ping()
    const before = listeners()
    const store = redisStore(client)
    await listening(store, 'c')
    await client.set('key', 'text')
    expect(await connections(admin, 'pubsub')).toBe(1)
    await store.close()
    expect(listeners()).toEqual(before)
    await waitUntil(async () => (await connections(admin, 'pubsub')) === 0, { what: 'the end' })
    expect(await client.get('key')).toBe('text')
  })
})

describe('the link', () => {
  it('is one connection for all channels and wrappers, opened by the first subscription', async () => {
    const { admin, url } = await startOwn()
    const store = kept(nearStore(redisStore({ url, connections: 3 })))
    for (let at = 0; at < 6; at++) await store.ping()
    expect(await connections(admin, 'pubsub')).toBe(0)
    const names = Array.from({ length: 500 }, (_, at) => `channel ${at}`)
    const ears = await Promise.all(names.map((name) => listening(store, name)))
    expect(await connections(admin, 'pubsub')).toBe(1)
    for (const channel of names) await store.run(publish, { channel, message: channel })
    await waitUntil(() => ears.every(({ heard }) => heard.length > 0), { what: 'all to hear' })
    expect(ears.map(({ heard }) => heard)).toEqual(names.map((name) => [name]))
  })

  it('is kept for a while, so that who listens again asks nothing of the server; then it ends', async () => {
    const { admin, url } = await startOwn()
    const store = kept(redisStore({ url }))
    for (let at = 0; at < 50; at++) {
      const ear = await listening(store, 'busy')
      ear.subscription.close()
      await store.ping()
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(await calls(admin, 'subscribe')).toBe(1)
    const startedAtMs = performance.now()
    await waitUntil(async () => (await connections(admin, 'pubsub')) === 0, { what: 'its end' })
    console.info(`link ended ${Math.round(performance.now() - startedAtMs)} ms after its last use`)
    const ear = await listening(store, 'busy')
    await store.run(publish, { channel: 'busy', message: 'again' })
    await waitUntil(() => ear.heard.length === 1, { what: 'the message' })
  })

  it('lets go of channels that nobody listens to, and of no others', async () => {
    const { admin, url } = await startOwn()
    const store = kept(redisStore({ url }))
    const ear = await listening(store, 'stays')
    const brief = await Promise.all(
      Array.from({ length: 1500 }, (_, at) => listening(store, `brief ${at}`)),
    )
    for (const { subscription } of brief) subscription.close()
    const carried = async (): Promise<unknown> => admin.pubsub('CHANNELS')
    await waitUntil(async () => String(await carried()) === 'stays', { what: 'the others to go' })
    expect(await calls(admin, 'unsubscribe')).toBe(2)
    await store.run(publish, { channel: 'stays', message: 'here' })
    await waitUntil(() => ear.heard.length === 1, { what: 'the message' })
    expect(ear.heard).toEqual(['here'])
  })

  it('is opened by TLS where the store is', async () => {
    const certificate: Certificate = await makeCertificate()
    const port = await freePort()
    const server = await startRedis({ args: tlsArguments(certificate, port) })
    cleanups.push(
      () => certificate.remove(),
      () => server.stop(),
    )
    const store = kept(redisStore({ host: 'localhost', port, tls: { ca: certificate.ca } }))
    const ear = await listening(store, 'c')
    await store.run(publish, { channel: 'c', message: 'sealed' })
    await waitUntil(() => ear.heard.length === 1, { what: 'the message' })
  })
})

describe('a subscription', () => {
  let server: Awaited<ReturnType<typeof startRedis>>
  let admin: Redis
  beforeAll(async () => {
    server = await startRedis({ args: ['--requirepass', 'root'] })
    admin = new Redis({ port: server.port, password: 'root' })
  })
  afterAll(async () => {
    admin.disconnect()
    await server.stop()
  })

  it('of an ACL user works in its channels; elsewhere it is told "denied", and heals', async () => {
    const rules = ['reset', 'on', '>secret', '~*', '+@all', '&shop#*']
    await admin.call('ACL', 'SETUSER', 'app', ...rules)
    const store = kept(redisStore({ port: server.port, username: 'app', password: 'secret' }))
    const own = await listening(store, 'shop#lock')
    const ear = createEar()
    const other = store.subscribe('bank#lock', ear)
    await expect(other.ready).rejects.toMatchObject({ reason: 'denied' })
    await store.run(publish, { channel: 'shop#lock', message: '1' })
    await waitUntil(() => own.heard.length === 1, { what: 'the message' })
    await admin.call('ACL', 'SETUSER', 'app', '&bank#*')
    await waitUntil(() => ear.heard.includes(gap), { what: 'the refused one to be heard' })
    await admin.publish('bank#lock', '2')
    await waitUntil(() => ear.heard.length === 2, { what: 'its message' })
    expect([own.heard, ear.heard]).toEqual([['1'], [gap, '2']])
  })

  it('with a wrong password is told "denied" by its deadline', async () => {
    const store = kept(redisStore({ port: server.port, username: 'app', password: 'wrong' }))
    const { ready } = store.subscribe('c', createEar())
    await expect(ready).rejects.toMatchObject({ reason: 'denied' })
  })
})
