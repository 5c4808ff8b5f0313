import { setTimeout as sleep } from 'node:timers/promises'
import { createCache, type RootCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import {
  redisUrl,
  startFaultProxy,
  startRedis,
  uniquePrefix,
  type FaultProxy,
  type RedisServer,
} from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { expectExact, printRecovery, underLoad } from './fault-load.ts'
import { startStallingProxy, type StallingProxy } from './stalling-proxy.ts'

const commandTimeoutMs = 200
/** What a loaded machine of two cores may add to a deadline. */
const marginMs = 600
const faultMs = 700

/** What goes wrong on the way, and how it ends. */
const wayFaults: readonly [name: string, strike: (proxy: FaultProxy) => void][] = [
  ['connections are refused', (proxy) => proxy.refuse()],
  ['connections are cut', (proxy) => proxy.cut()],
  ['a reply is dropped', (proxy) => proxy.dropNextReply()],
  ['requests are swallowed', (proxy) => proxy.blackhole('up')],
  ['replies are swallowed', (proxy) => proxy.blackhole('down')],
  ['the way is slower than the deadline', (proxy) => proxy.delay(400)],
  ['the way is slow, within the deadline', (proxy) => proxy.delay(50)],
]

/** What becomes of the server, whether it keeps its data, and how it ends. */
const serverFaults: readonly [
  name: string,
  keeps: boolean,
  strike: (server: RedisServer, admin: Redis) => Promise<void>,
][] = [
  [
    'the server is paused',
    true,
    async (server) => {
      server.pause()
      await sleep(faultMs)
      server.resume()
    },
  ],
  [
    'the server is paused for longer than a silent connection is kept',
    true,
    async (server) => {
      server.pause()
      await sleep(3500)
      server.resume()
    },
  ],
  [
    'the server is killed and restarted',
    false,
    async (server) => {
      await server.kill()
      await sleep(faultMs)
      await server.restart()
    },
  ],
  [
    'the scripts are flushed again and again',
    true,
    async (_, admin) => {
      for (let at = 0; at < 20; at++) {
        await admin.script('FLUSH')
        await sleep(10)
      }
    },
  ],
  [
    'the server is made a replica for a while',
    true,
    async (_, admin) => {
      await admin.replicaof('127.0.0.1', 1)
      await sleep(faultMs)
      await admin.replicaof('NO', 'ONE')
    },
  ],
]

/** Every fault of one server and of the way to it, under load. */
export function recoverySuite(): void {
  const cleanups: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
  })
  const open = (port: number): RootCache => {
    const store = redisStore({ port, commandTimeout: commandTimeoutMs })
    const cache = createCache({ store, prefix: uniquePrefix('recovery') })
    cleanups.push(() => cache.close())
    return cache
  }

  describe('no call hangs, nothing is counted twice and service resumes when', () => {
    it.each(wayFaults)('%s', async (name, strike) => {
      const proxy = await startFaultProxy({ port: Number(new URL(redisUrl()).port) })
      cleanups.push(() => proxy.stop())
      const cache = open(proxy.port)
      const report = await underLoad(cache, async () => {
        strike(proxy)
        await sleep(faultMs)
        proxy.heal()
      })
      printRecovery(name, report)
      expect(report.slowestMs).toBeLessThan(commandTimeoutMs + marginMs)
      await expectExact(cache, report)
    })

    it.each(serverFaults)('%s', async (name, keeps, strike) => {
      const server = await startRedis()
      const admin = new Redis(server.url, { lazyConnect: true })
      admin.on('error', () => undefined)
      cleanups.push(
        () => server.stop(),
        async () => admin.disconnect(),
      )
      await admin.connect()
      const cache = open(server.port)
      const report = await underLoad(cache, () => strike(server, admin))
      printRecovery(name, report)
      expect(report.slowestMs).toBeLessThan(commandTimeoutMs + marginMs)
      await expectExact(
        cache,
        keeps ? report : { ...report, done: 0, unsure: report.done + report.unsure },
      )
    })

    it('a reply is cut in the middle', async () => {
      const { cache, proxy } = await behindStall()
      const report = await underLoad(cache, async () => {
        proxy.cutNextReply()
        await sleep(100)
      })
      printRecovery('a reply is cut in the middle', report)
      expect(report.slowestMs).toBeLessThan(commandTimeoutMs + marginMs)
      expect(report.unsure).toBeGreaterThan(0)
      await expectExact(cache, report)
    })

    it('a connection falls silent for good, as behind a firewall that forgot it', async () => {
      const { cache, proxy } = await behindStall()
      const report = await underLoad(cache, async () => proxy.stall())
      printRecovery('a connection falls silent for good', report)
      expect(report.slowestMs).toBeLessThan(commandTimeoutMs + marginMs)
      await expectExact(cache, report)
    })

    it('a new connection is taken and never answered', async () => {
      const { cache, proxy } = await behindStall()
      const report = await underLoad(cache, async () => {
        proxy.stallNewOnes(true)
        proxy.cut()
        await sleep(faultMs)
        proxy.stallNewOnes(false)
      })
      printRecovery('a new connection is taken and never answered', report)
      expect(report.slowestMs).toBeLessThan(commandTimeoutMs + marginMs)
      await expectExact(cache, report)
    })
  })

  it('the very first connection is taken and never answered: calls fail in time, a later one serves', async () => {
    const { cache, proxy } = await behindStall()
    proxy.stallNewOnes(true)
    const startedMs = performance.now()
    await expect(cache.get('key')).rejects.toMatchObject({ reason: 'timeout' })
    expect(performance.now() - startedMs).toBeLessThan(commandTimeoutMs + marginMs)
    proxy.stallNewOnes(false)
    const report = await underLoad(cache, async () => undefined)
    printRecovery('the first connection was never answered', report)
  })

  it('a call that was told lost before there was a connection is not sent afterwards', async () => {
    const { cache, proxy } = await behindStall()
    proxy.hold(true)
    await expect(cache.increment('count')).rejects.toMatchObject({
      reason: 'timeout',
      mayHaveApplied: false,
      message: expect.stringContaining('not sent') as string,
    })
    proxy.hold(false)
    const report = await underLoad(cache, async () => undefined)
    expect(await cache.get('count')).toBe(report.done)
  })

  async function behindStall(): Promise<{ cache: RootCache; proxy: StallingProxy }> {
    const proxy = await startStallingProxy(Number(new URL(redisUrl()).port))
    cleanups.push(() => proxy.stop())
    return { cache: open(proxy.port), proxy }
  }
}
