import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { nearStore, type NearStore, type NearStoreOptions } from '@sluice/core/near'
import { redisStore } from '@sluice/core/redis'
import {
  redisUrl,
  startFaultProxy,
  startRedis,
  uniquePrefix,
  waitUntil,
  type FaultProxy,
} from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { kept, listening } from './near-subject.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

interface Setting {
  readonly near: NearStore
  readonly prefix: string
  /** Before the data connection. */
  readonly data: FaultProxy
  /** Before the tracking link. */
  readonly link: FaultProxy
  /** Straight to the server. */
  readonly other: Redis
}

/** A near store whose data connection and whose link each go through a proxy of their own. */
async function open(options: NearStoreOptions = {}, url = redisUrl()): Promise<Setting> {
  const server = { port: Number(new URL(url).port) }
  const [data, link] = [await startFaultProxy(server), await startFaultProxy(server)]
  cleanups.push(
    () => data.stop(),
    () => link.stop(),
  )
  const client = new Redis(data.port, { enableOfflineQueue: false, lazyConnect: true })
  client.on('error', () => undefined)
  cleanups.push(() => client.disconnect())
  await client.connect()
  // Only what the link asks of the client differs: where it is connected to, and that this is the same server.
  const duplicate = client.duplicate.bind(client)
  Object.defineProperty(client, 'duplicate', {
    value: (override: object) => {
      const copy = duplicate({ ...override, port: link.port })
      copy.on('connect', () =>
        Object.defineProperty(copy.stream, 'remotePort', { value: data.port }),
      )
      return copy
    },
  })
  const near = nearStore(redisStore(client), options)
  cleanups.push(() => near.close())
  const other = new Redis(url)
  cleanups.push(() => other.disconnect())
  const prefix = uniquePrefix('near')
  await listening(near, prefix)
  return { near, prefix, data, link, other }
}

/** Polls until memory serves; how long that took. */
async function servesAgain(near: NearStore): Promise<number> {
  const startedAtMs = performance.now()
  await waitUntil(() => near.nearStats().serving, { what: 'memory to serve again' })
  return Math.round(performance.now() - startedAtMs)
}

it('a reply that an invalidation overtook is not kept', async () => {
  await using server = await startRedis()
  const { near, prefix, data, other } = await open({}, server.url)
  const key = `${prefix}:a`
  await other.set(key, 'old')
  await near.get(`${prefix}:b`)
  await other.config('RESETSTAT')
  // The answer is still on its way when the message is here.
  data.delay(150)
  const read = near.get(key)
  const isAnswered = async (): Promise<boolean> =>
    /cmdstat_mget:calls=[1-9]/.test(await other.info('commandstats'))
  await waitUntil(isAnswered, { what: 'the server to have answered' })
  const { invalidations } = near.nearStats()
  await other.set(key, 'new')
  await waitUntil(() => near.nearStats().invalidations > invalidations, { what: 'the message' })
  expect(await read).toBe('old')
  data.heal()
  expect(near.nearStats().entries).toBe(0)
  expect(await near.get(key)).toBe('new')
})

describe('when the link', () => {
  it('is cut everything kept is dropped at once, and memory serves again by itself', async () => {
    const { near, prefix, link, other } = await open()
    await other.set(`${prefix}:a`, 'old')
    await kept(near, [`${prefix}:a`])
    link.refuse()
    await waitUntil(() => !near.nearStats().serving, { what: 'the loss to be known' })
    expect(near.nearStats().entries).toBe(0)
    await other.set(`${prefix}:a`, 'new')
    expect(await near.get(`${prefix}:a`)).toBe('new')
    await other.set(`${prefix}:a`, 'newer')
    expect(await near.get(`${prefix}:a`)).toBe('newer')
    expect(near.nearStats().entries).toBe(0)
    link.heal()
    console.info(`link cut: memory serves again ${await servesAgain(near)} ms after it can`)
    await kept(near, [`${prefix}:a`])
  })

  it.each(['up', 'down', 'both'] as const)(
    'swallows what goes %s in silence, nothing older than maxStale is served',
    async (direction) => {
      const maxStale = 400
      const { near, prefix, link, other } = await open({ maxStale })
      await other.set(`${prefix}:a`, 'old')
      await kept(near, [`${prefix}:a`])
      link.blackhole(direction)
      await other.set(`${prefix}:a`, 'new')
      const writtenAtMs = performance.now()
      let lastOldAtMs = writtenAtMs
      while (performance.now() - writtenAtMs < 3 * maxStale) {
        if ((await near.get(`${prefix}:a`)) === 'old') lastOldAtMs = performance.now()
        await new Promise(setImmediate)
      }
      const staleMs = Math.round(lastOldAtMs - writtenAtMs)
      console.info(`link swallows ${direction}: the old value was served for ${staleMs} ms`)
      // What the loop took to notice the time is the test's, not the store's.
      expect(staleMs).toBeLessThanOrEqual(maxStale + 50)
      link.heal()
      console.info(`memory serves again ${await servesAgain(near)} ms after it can`)
    },
  )

  it('is slow, writes are seen as late as it is', async () => {
    const { near, prefix, link, other } = await open()
    await other.set(`${prefix}:a`, 'old')
    await kept(near, [`${prefix}:a`])
    link.delay(200)
    await other.set(`${prefix}:a`, 'new')
    const startedAtMs = performance.now()
    while ((await near.get(`${prefix}:a`)) !== 'new') await new Promise(setImmediate)
    expect(performance.now() - startedAtMs).toBeLessThan(500)
  })

  it('stands while this process was stopped, what is served first is not from before', async () => {
    const { near, prefix, other } = await open({ maxStale: 300 })
    const key = `${prefix}:a`
    await other.set(key, 'old')
    await kept(near, [key])
    const writing = spawn(process.execPath, [
      '-e',
      `setTimeout(() => {
        const socket = require('node:net').connect(${new URL(redisUrl()).port})
        socket.end('SET ${key} new\\r\\n')
      }, 100)`,
    ])
    // The loop stands still, and no message is read, until long after the write.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)
    expect(await near.get(key)).toBe('new')
    if (writing.exitCode === null) await once(writing, 'exit')
  })
})

it('when the data connection is lost everything kept is dropped, though the link stands', async () => {
  const { near, prefix, data, other } = await open()
  await other.set(`${prefix}:a`, 'old')
  await kept(near, [`${prefix}:a`])
  data.cut()
  await waitUntil(() => near.nearStats().entries === 0, { what: 'the loss to be known' })
  console.info(`data connection cut: memory serves again after ${await servesAgain(near)} ms`)
})

describe('a server that', () => {
  it('is killed and restarted is listened to again', async () => {
    await using server = await startRedis()
    const near = nearStore(redisStore({ url: server.url }))
    cleanups.push(() => near.close())
    await listening(near, 'p')
    await near.set('p:a', 'old')
    await kept(near, ['p:a'])
    await server.restart()
    const read = async (): Promise<unknown> => near.get('p:a').catch(() => 'away')
    await waitUntil(async () => (await read()) === undefined, { what: 'the empty server' })
    console.info(`server restarted: memory serves again after ${await servesAgain(near)} ms`)
    await near.set('p:a', 'new')
    await kept(near, ['p:a'])
    expect(await near.get('p:a')).toBe('new')
  })

  it('is paused serves no old value past the bound: reads fail as those of Redis do', async () => {
    await using server = await startRedis()
    const near = nearStore(redisStore({ url: server.url, commandTimeout: 100 }), { maxStale: 200 })
    cleanups.push(() => near.close())
    await listening(near, 'p')
    await near.set('p:a', 'x')
    await kept(near, ['p:a'])
    server.pause()
    await sleep(250)
    await expect(near.get('p:a')).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
    server.resume()
    console.info(`server resumed: memory serves again after ${await servesAgain(near)} ms`)
    await waitUntil(async () => (await near.get('p:a').catch(() => '')) === 'x', { what: 'x' })
  })
})

it('no history of writers, readers and faults of the link serves a value past the bound', async () => {
  const [maxStale, provingMs] = [250, 20]
  const { near, prefix, data, link, other } = await open({ maxStale })
  // Answers are slower than messages, so that writes overtake reads.
  data.delay(5)
  const keys = Array.from({ length: 5 }, (_, at) => `${prefix}:${at}`)
  /** When each value was replaced, acknowledged: by key, then by the number that it held. */
  const replacedAtMs = new Map(keys.map((key) => [key, new Map<number, number>()]))
  const startMs = performance.now()
  let [reads, worstMs, faults] = [0, 0, 0]
  // It has to reach into the time in which a silent link is trusted, or it proves nothing.
  const running = (): boolean => performance.now() - startMs < (worstMs > provingMs ? 8000 : 16_000)
  await other.mset(Object.fromEntries(keys.map((key) => [key, '0'])))

  const write = async (key: string): Promise<void> => {
    for (let value = 1; running(); value++) {
      await other.set(key, String(value))
      replacedAtMs.get(key)?.set(value - 1, performance.now())
      // Rests are longer than the bound, or the next write would heal what the last one left behind.
      await sleep(value % 4 === 0 ? 2 * maxStale : Math.random() * 20)
    }
  }
  const read = async (key: string): Promise<void> => {
    while (running()) {
      for (let at = 0; at < 20; at++) {
        const askedAtMs = performance.now()
        const value = Number(await near.get(key))
        const since = replacedAtMs.get(key)?.get(value)
        if (since !== undefined) worstMs = Math.max(worstMs, askedAtMs - since)
        reads++
      }
      await new Promise(setImmediate)
    }
  }
  const harm = async (): Promise<void> => {
    const ways = [
      () => link.cut(),
      () => link.refuse(),
      () => link.blackhole('down'),
      () => link.blackhole('up'),
      () => link.delay(100),
    ]
    while (running()) {
      await waitUntil(() => near.nearStats().serving, { what: 'memory to serve' })
      ways[faults++ % ways.length]?.()
      await sleep(100 + Math.random() * 400)
      link.heal()
    }
  }
  await Promise.all([...keys.map(write), ...keys.map(read), ...keys.map(read), harm()])
  const { hits, misses } = near.nearStats()
  console.info(
    `${reads} reads (${hits} hits, ${misses} misses), ${faults} faults: oldest value ${worstMs.toFixed(1)} ms, bound ${maxStale} ms`,
  )
  expect(hits).toBeGreaterThan(1000)
  expect(faults).toBeGreaterThan(8)
  expect(worstMs).toBeLessThanOrEqual(maxStale)
  expect(worstMs).toBeGreaterThan(provingMs)
})
