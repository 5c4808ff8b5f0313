import { readFile } from 'node:fs/promises'
import { connect, type AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { createCache, type Store } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { startRedis, startSentinel, waitUntil } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freePort, makeCertificate, tlsArguments, type Certificate } from './certificates.ts'

let certificate: Certificate
const cleanups: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  certificate = await makeCertificate()
})
afterAll(() => certificate.remove())
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function startTls(...args: string[]): Promise<number> {
  const port = await freePort()
  const server = await startRedis({ args: [...tlsArguments(certificate, port), ...args] })
  cleanups.push(() => server.stop())
  return port
}

function kept<Given extends Store>(store: Given): Given {
  cleanups.push(() => store.close())
  return store
}

async function serves(store: Store): Promise<void> {
  const cache = createCache({ store: kept(store) })
  await waitUntil(() => cache.ping(), { what: 'the store to answer' })
  expect(await cache.increment('count')).toBe(1)
  await cache.setMany([
    ['a', 1],
    ['b', 2],
  ])
  expect((await cache.getMany(['a', 'b'])).size).toBe(2)
  expect(await cache.countMatching('*')).toBe(3)
}

describe('TLS', () => {
  it('with an authority of its own', async () => {
    const port = await startTls()
    await serves(redisStore({ host: 'localhost', port, tls: { ca: certificate.ca } }))
  })

  it('by url, with options beside it', async () => {
    const port = await startTls()
    const url = `rediss://localhost:${port}`
    await serves(redisStore({ url, tls: { ca: certificate.ca } }))
  })

  it('refuses a certificate that nobody vouches for, and says so', async () => {
    const port = await startTls()
    for (const options of [
      { host: 'localhost', port, tls: true },
      { url: `rediss://localhost:${port}` },
    ]) {
      const store = kept(redisStore(options))
      await expect(store.get('key')).rejects.toMatchObject({
        reason: 'disconnected',
        cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
      })
    }
  })

  it('refuses a certificate for another name', async () => {
    const port = await startTls()
    const tls = { ca: certificate.ca, servername: 'redis.internal' }
    const store = kept(redisStore({ host: 'localhost', port, tls }))
    await expect(store.get('key')).rejects.toMatchObject({
      reason: 'disconnected',
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    })
  })

  it('that the server does not speak fails in time, and never falls back to plain text', async () => {
    const server = await startRedis()
    cleanups.push(() => server.stop())
    const store = kept(redisStore({ port: server.port, tls: true, commandTimeout: 300 }))
    await expect(store.get('key')).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
  })

  it('of a Cluster whose nodes are known by name', async () => {
    const port = await freePort()
    const named = await makeCertificate('DNS:localhost')
    cleanups.push(() => named.remove())
    const server = await startRedis({
      args: [
        ...tlsArguments(named, port),
        ...[
          '--cluster-enabled',
          'yes',
          '--tls-cluster',
          'yes',
          '--cluster-port',
          String(await freePort()),
        ],
        ...['--cluster-announce-hostname', 'localhost'],
        ...['--cluster-preferred-endpoint-type', 'hostname'],
      ],
    })
    cleanups.push(() => server.stop())
    const admin = new Redis(server.url)
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383)
    await waitUntil(async () => String(await admin.cluster('INFO')).includes('cluster_state:ok'), {
      what: 'the cluster to serve',
    })
    admin.disconnect()
    const cluster = [{ host: 'localhost', port }]
    await serves(redisStore({ cluster, tls: { ca: named.ca } }))
  })

  it('holds for sentinels and for the primary that they name: nothing goes there in plain text', async () => {
    const set = await startSentinel()
    cleanups.push(() => set.stop())
    const [plain = { host: '', port: 0 }] = set.sentinels
    const secure = await startTls()
    const sentinel = new Redis(plain.port)
    await sentinel.call('SENTINEL', 'MONITOR', 'secure', '127.0.0.1', secure, 1)
    sentinel.disconnect()
    const sentinels = [{ host: 'localhost', port: await startTlsFront(plain.port) }]
    const tls = { ca: certificate.ca }
    await serves(redisStore({ name: 'secure', sentinels, tls }))

    // The primary of this name speaks plain text only.
    const store = kept(redisStore({ name: set.name, sentinels, tls, commandTimeout: 300 }))
    await expect(store.get('key')).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
  })
})

/** Speaks TLS before a server that does not. */
async function startTlsFront(port: number): Promise<number> {
  const sockets = new Set<{ destroy(): unknown }>()
  const options = {
    cert: await readFile(certificate.certFile),
    key: await readFile(certificate.keyFile),
  }
  const front = createServer(options, (client) => {
    const server = connect(port, '127.0.0.1')
    for (const socket of [client, server]) sockets.add(socket.on('error', () => undefined))
    client.pipe(server).pipe(client)
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy()
    front.close()
  })
  return (front.address() as AddressInfo).port
}

it.each([['yes'], [1], [null], [[]]])('tls %j is refused', (tls) => {
  expect(() => redisStore({ tls: tls as unknown as boolean })).toThrow(/Expected "tls" to be true/)
})
