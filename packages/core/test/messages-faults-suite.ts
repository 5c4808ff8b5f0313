import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Store } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { startCluster, startRedis, waitUntil, type RedisCluster } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { clusterStore, eachNode } from './cluster-tools.ts'
import { startStallingProxy, type StallingProxy } from './stalling-proxy.ts'
import { createEar, gap, heardAgain, listening, publish } from './told.ts'

const commandTimeout = 300
/** A link that was silent for this long is replaced: the bound that the store states. */
const silenceMs = 4000
/** What a loaded machine of two cores may add. */
const marginMs = 1000

/** What goes wrong between a store and what it listens to. */
export function messagesFaultsSuite(): void {
  vi.setConfig({ testTimeout: 60_000 })
  const cleanups: (() => unknown)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
  })
  const kept = <Given extends Store>(store: Given): Given => {
    cleanups.push(() => store.close())
    return store
  }
  const start = async (): Promise<Awaited<ReturnType<typeof startRedis>> & { admin: Redis }> => {
    const server = await startRedis()
    const admin = new Redis(server.port)
    admin.on('error', () => undefined)
    cleanups.push(
      () => server.stop(),
      () => admin.disconnect(),
    )
    return Object.assign(server, { admin })
  }

  describe('when the link', () => {
    it('alone is killed every channel is asked for anew, told of the gap, and heard again', async () => {
      const { url, admin } = await start()
      const store = kept(redisStore({ url, commandTimeout }))
      const names = Array.from({ length: 100 }, (_, at) => `channel ${at}`)
      const ears = await Promise.all(names.map((name) => listening(store, name)))
      for (let round = 1; round <= 5; round++) {
        const startedAtMs = performance.now()
        await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
        const gaps = (): number[] =>
          ears.map(({ heard }) => heard.filter((one) => one === gap).length)
        await waitUntil(() => gaps().every((count) => count === round), { what: 'the gap' })
        const gapMs = performance.now() - startedAtMs
        for (const channel of names) await store.run(publish, { channel, message: `${round}` })
        const isHeard = (): boolean => ears.every(({ heard }) => heard.includes(`${round}`))
        await waitUntil(isHeard, { what: 'the messages' })
        console.info(`link killed: told of the gap after ${Math.round(gapMs)} ms`)
        expect(gapMs).toBeLessThan(marginMs)
      }
      for (const { heard } of ears) {
        expect(heard).toEqual([1, 2, 3, 4, 5].flatMap((round) => [gap, String(round)]))
      }
    })

    it('alone falls silent it is replaced within the bound, and commands never notice', async () => {
      const { port } = await start()
      const { store, link } = await openThrough(port)
      const ear = await listening(store, 'c')
      link.stall()
      const startedAtMs = performance.now()
      while (!ear.heard.includes(gap)) {
        await store.run(publish, { channel: 'c', message: 'unheard' })
        await sleep(20)
        if (performance.now() - startedAtMs > silenceMs + marginMs) break
      }
      console.info(`link silent: replaced after ${Math.round(performance.now() - startedAtMs)} ms`)
      expect(ear.heard).toContain(gap)
      expect(await heardAgain(store, 'c', ear)).toBeLessThan(marginMs)
    })

    it('cannot be opened "ready" says so by its deadline, and what comes later is told as a gap', async () => {
      const { port } = await start()
      const { store, link } = await openThrough(port)
      link.stallNewOnes(true)
      const ear = createEar()
      const { ready } = store.subscribe('c', ear)
      await expect(ready).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
      link.stallNewOnes(false)
      link.cut()
      await waitUntil(() => ear.heard.includes(gap), { what: 'the gap' })
      await store.run(publish, { channel: 'c', message: '1' })
      await waitUntil(() => ear.heard.length === 2, { what: 'the message' })
      expect(ear.heard).toEqual([gap, '1'])
    })
  })

  it('when Redis is killed and restarted messages flow again', async () => {
    const server = await start()
    const store = kept(redisStore({ url: server.url, commandTimeout }))
    const ear = await listening(store, 'c')
    await server.kill()
    const unheard = store.subscribe('d', createEar())
    await expect(unheard.ready).rejects.toMatchObject({ reason: 'disconnected' })
    await sleep(1500)
    await server.restart()
    console.info(`Redis restarted: heard again after ${await heardAgain(store, 'c', ear)} ms`)
    expect(ear.heard).toContain(gap)
  })

  it('when Redis is paused and goes on messages flow again', async () => {
    const server = await start()
    const store = kept(redisStore({ url: server.url, commandTimeout }))
    const ear = await listening(store, 'c')
    server.pause()
    await sleep(silenceMs + 2000)
    server.resume()
    console.info(`Redis resumed: heard again after ${await heardAgain(store, 'c', ear)} ms`)
    expect(ear.heard).toContain(gap)
  })

  it('when the client has moved to another server the link follows, though its own lives', async () => {
    const [from, to] = [await start(), await start()]
    const data = new Redis(from.port)
    cleanups.push(() => data.disconnect())
    const store = kept(redisStore(data))
    const ear = await listening(store, 'c')
    await store.ping()
    data.options.port = to.port
    data.disconnect(true)
    await waitUntil(() => ear.heard.includes(gap), { what: 'the gap' })
    await heardAgain(store, 'c', ear)
    expect(await to.admin.pubsub('CHANNELS')).toEqual(['c'])
    const left = async (): Promise<boolean> => (await from.admin.pubsub('CHANNELS')).length === 0
    await waitUntil(left, { what: 'the first to be left' })
  })

  describe('a store that is closed', () => {
    it('while it listens leaves nothing behind, and tells nothing that is under way', async () => {
      const { url, admin } = await start()
      await admin.ping()
      const active = (): string[] => process.getActiveResourcesInfo().toSorted()
      // Of others, and over before long.
      const before = active().filter((kind) => kind !== 'Timeout')
      const store = redisStore({ url, commandTimeout })
      const ear = await listening(store, 'c')
      const messages = Array.from({ length: 100 }, (_, at) => `${at}`)
      const running = messages.map((message) => store.run(publish, { channel: 'c', message }))
      const closing = store.close()
      const heard = ear.heard.length
      await Promise.allSettled([...running, closing])
      expect(ear.heard.length).toBe(heard)
      const links = async (): Promise<unknown> => admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub')
      await waitUntil(async () => String(await links()) === '', { what: 'the link to end' })
      const isAsBefore = (): boolean => String(active()) === String(before)
      await waitUntil(isAsBefore, { what: 'everything to be gone' })
    })

    it.each(['killed', 'stalled'])('while its link was %s does not try again', async (how) => {
      const server = await start()
      const { store, link, data } = await openThrough(server.port)
      await listening(store, 'c')
      if (how === 'stalled') link.stallNewOnes(true)
      link.cut()
      if (how === 'killed') await link.stop()
      // It is trying again by the time that this one gives up.
      await expect(store.subscribe('d', createEar()).ready).rejects.toThrow(/subscribe/)
      const { ready } = store.subscribe('d', createEar())
      await store.close()
      await expect(ready).rejects.toMatchObject({ code: 'SLUICE_STORE_CLOSED' })
      // Whoever comes now, comes from what should be gone; the longest wait between two attempts is 2 s.
      let attempts = 0
      if (how === 'stalled') await link.stop()
      const watcher = createServer(() => attempts++).listen(link.port, '127.0.0.1')
      await sleep(2200)
      watcher.close()
      expect(attempts).toBe(0)
      data.disconnect()
    })
  })

  it.each(['close', 'quit', 'away', 'unref'])(
    'a process that listens ends by itself: %s',
    async (how) => {
      const { url } = await start()
      const fixture = fileURLToPath(new URL('./fixtures/messages-process.mjs', import.meta.url))
      const process_ = spawn(process.execPath, [fixture, url, how], {
        stdio: ['ignore', 'inherit', 'inherit'],
      })
      cleanups.push(() => process_.kill('SIGKILL'))
      const ended = await Promise.race([once(process_, 'exit'), sleep(8000, ['still alive'])])
      expect(ended).toEqual([0, null])
    },
  )

  describe('on a Cluster', () => {
    it.each(['killed', 'paused'] as const)(
      'when the node that is listened to is %s another one is',
      async (how) => {
        const cluster = await startCluster({ replicas: 1 })
        cleanups.push(() => cluster.stop())
        const store = kept(clusterStore(cluster, commandTimeout))
        const ears = await Promise.all(['a', 'b', 'c'].map((name) => listening(store, name)))
        const at = (await linksOf(cluster)).indexOf(1)
        expect(await linksOf(cluster)).toEqual([0, 1, 2].map((one) => (one === at ? 1 : 0)))
        if (how === 'killed') await cluster.nodes[at]?.kill()
        else cluster.nodes[at]?.pause()
        const startedAtMs = performance.now()
        const isTold = (): boolean => ears.every(({ heard }) => heard.includes(gap))
        await waitUntil(isTold, { what: 'the gap', timeoutMs: silenceMs + 2 * marginMs })
        console.info(`node ${how}: told after ${Math.round(performance.now() - startedAtMs)} ms`)
        for (const [index, ear] of ears.entries()) {
          await heardAgain(store, 'abc'.charAt(index), ear)
        }
        console.info(`heard again after ${Math.round(performance.now() - startedAtMs)} ms`)
        cluster.nodes[at]?.resume()
      },
    )
  })

  /** A store on a client of the application, whose link goes through a proxy of its own. */
  async function openThrough(
    port: number,
  ): Promise<{ store: Store; link: StallingProxy; data: Redis }> {
    const link = await startStallingProxy(port)
    const data = new Redis(port)
    cleanups.push(
      () => link.stop().catch(() => undefined),
      () => data.disconnect(),
    )
    const duplicate = data.duplicate.bind(data)
    // Only what the link asks of the client differs: where it is connected to, and that this is the same server.
    Object.defineProperty(data, 'duplicate', {
      value: (override: object) => {
        const copy = duplicate({ ...override, port: link.port })
        copy.on('connect', () => Object.defineProperty(copy.stream, 'remotePort', { value: port }))
        return copy
      },
    })
    return { store: kept(redisStore(data)), link, data }
  }
}

/** How many connections listen to each of the first three nodes. */
function linksOf(cluster: RedisCluster): Promise<number[]> {
  return eachNode(cluster.ports.slice(0, 3), async (node) => {
    const list = String(await node.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).trim()
    return list === '' ? 0 : list.split('\n').length
  })
}
