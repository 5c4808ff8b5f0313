import { setTimeout as sleep } from 'node:timers/promises'
import { redisUrl, startFaultProxy, uniquePrefix, waitUntil } from '@sluice/testkit'
import type { FaultProxy } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'

const { port } = new URL(redisUrl())

let key: string
beforeEach(() => {
  key = `${uniquePrefix('proxy')}:a`
})

/** A client that neither resends nor queues: what happens on the wire is what the test sees. */
function plainClient(toPort: number): Redis {
  const client = new Redis(toPort, {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    disableClientInfo: true,
    lazyConnect: true,
    retryStrategy: null,
  })
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  return client
}

async function setup(): Promise<{ proxy: FaultProxy; client: Redis; direct: Redis }> {
  const proxy = await startFaultProxy({ port: Number(port) })
  onTestFinished(proxy.stop)
  const client = plainClient(proxy.port)
  await client.connect()
  await client.ping()
  const direct = plainClient(Number(port))
  await direct.connect()
  await direct.set(key, 0, 'PX', 60_000)
  return { proxy, client, direct }
}

async function outcomeWithin(
  ms: number,
  work: Promise<unknown>,
): Promise<'answered' | 'failed' | 'silence'> {
  const settled = work.then(
    () => 'answered' as const,
    () => 'failed' as const,
  )
  return Promise.race([settled, sleep(ms, 'silence' as const)])
}

describe('a proxy without faults', () => {
  it('passes everything on, large values in both directions included', async () => {
    const { client } = await setup()
    const large = Buffer.alloc(3_000_000, 'x')
    await client.set(key, large, 'PX', 60_000)
    expect((await client.getBuffer(key))?.equals(large)).toBe(true)
  })

  it('serves the oldest supported ioredis too', async () => {
    const { proxy } = await setup()
    const client = new Redis5(proxy.port)
    onTestFinished(() => client.disconnect())
    expect(await client.ping()).toBe('PONG')
  })

  it('delivers the reply that comes just before the end of a connection', async () => {
    const { proxy, client } = await setup()
    proxy.delay(20)
    expect(await client.quit()).toBe('OK')
  })
})

describe('delay', () => {
  it('holds requests and replies back, each by its time', async () => {
    const { proxy, client } = await setup()
    proxy.delay(60)
    const startMs = performance.now()
    await client.ping()
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(118)
  })

  it('keeps the order when it shrinks while bytes are under way', async () => {
    const { proxy, client } = await setup()
    proxy.delay(80)
    const first = client.set(key, 'new', 'PX', 60_000)
    await sleep(20)
    proxy.heal()
    const second = client.get(key)
    expect(await Promise.all([first, second])).toEqual(['OK', 'new'])
  })
})

describe('blackhole', () => {
  it('up: the server never hears', async () => {
    const { proxy, client, direct } = await setup()
    proxy.blackhole('up')
    expect(await outcomeWithin(100, client.incr(key))).toBe('silence')
    expect(await direct.get(key)).toBe('0')
  })

  it('down: the server has done it, the client waits', async () => {
    const { proxy, client, direct } = await setup()
    proxy.blackhole('down')
    expect(await outcomeWithin(100, client.incr(key))).toBe('silence')
    expect(await direct.get(key)).toBe('1')
  })

  it('swallows both directions by default, on new connections too', async () => {
    const { proxy } = await setup()
    proxy.blackhole()
    const late = plainClient(proxy.port)
    const greeting = late.connect().then(() => late.ping())
    expect(await outcomeWithin(100, greeting)).toBe('silence')
  })

  it('healed, resets the connection that lost bytes, so that no reply answers another request', async () => {
    const { proxy, client } = await setup()
    proxy.blackhole('down')
    const lost = client.incr(key)
    expect(await outcomeWithin(100, lost)).toBe('silence')
    proxy.heal()
    await expect(lost).rejects.toThrow('Connection is closed')
  })

  it('healed, leaves alone the connection that sent nothing meanwhile', async () => {
    const { proxy, client } = await setup()
    proxy.blackhole()
    proxy.heal()
    expect(await client.ping()).toBe('PONG')
  })
})

describe('cut', () => {
  it('resets open connections and accepts new ones', async () => {
    const { proxy, client } = await setup()
    proxy.delay(50)
    const underWay = client.ping()
    proxy.cut()
    await expect(underWay).rejects.toThrow('Connection is closed')
    const next = plainClient(proxy.port)
    await next.connect()
    expect(await next.ping()).toBe('PONG')
  })
})

describe('refuse', () => {
  it('resets open connections and refuses new ones until healed', async () => {
    const { proxy, client } = await setup()
    proxy.refuse()
    await waitUntil(() => client.status === 'end', { what: 'the client to lose its connection' })
    const errors: unknown[] = []
    const refused = plainClient(proxy.port).on('error', (error) => errors.push(error))
    await expect(refused.connect()).rejects.toThrow('Connection is closed')
    expect(errors).toEqual([expect.objectContaining({ code: 'ECONNREFUSED' })])

    proxy.heal()
    const next = plainClient(proxy.port)
    await next.connect()
    expect(await next.ping()).toBe('PONG')
  })

  it('can be stopped while it refuses', async () => {
    const { proxy } = await setup()
    proxy.refuse()
    await proxy.stop()
    await proxy.stop()
  })
})

describe('dropNextReply', () => {
  it('lets the server count what the client believes has failed, once', async () => {
    const { proxy, client, direct } = await setup()
    proxy.dropNextReply()
    await expect(client.incr(key)).rejects.toThrow('Connection is closed')
    expect(await direct.get(key)).toBe('1')
    const next = plainClient(proxy.port)
    await next.connect()
    expect(await next.incr(key)).toBe(2)
  })

  it('is called off by heal', async () => {
    const { proxy, client } = await setup()
    proxy.dropNextReply()
    proxy.heal()
    expect(await client.incr(key)).toBe(1)
  })
})
