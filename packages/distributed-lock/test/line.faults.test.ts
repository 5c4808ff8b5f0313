import { redisStore } from '@sluice/core/redis'
import { waitUntil } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { createLocks, type Locks } from '../src/index.ts'
import { redisBehindProxy } from './redis-behind-proxy.ts'
import { openCache } from './shared-store.ts'

/** Three clients of one Redis, the last through a fault proxy. */
async function clients() {
  const { server, proxy, direct } = await redisBehindProxy()
  const open = (port: number): Locks =>
    createLocks({ cache: openCache(redisStore({ host: '127.0.0.1', port }), 'line'), ttl: '30s' })
  const [ours, theirs, faulty] = [open(server.port), open(server.port), open(proxy.port)]
  // Connects, and gives Redis the scripts.
  for (const one of [ours, theirs, faulty]) await one.run('warm', () => undefined)
  const waiting = async (count: number): Promise<void> =>
    waitUntil(async () => (await ours.inspect('a')).waiting === count, { what: `${count} in line` })
  return { server, proxy, direct, ours, theirs, faulty, waiting }
}

describe('a waiter', () => {
  it('whose link for messages is cut is served all the same, soon', async () => {
    const { direct, ours, theirs, waiting } = await clients()
    const first = await ours.acquire('a')
    const second = theirs.acquire('a')
    await waiting(1)
    await direct.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    const startedMs = performance.now()
    await first.release()
    const held = await second
    const tookMs = performance.now() - startedMs
    console.log(`served ${tookMs.toFixed(0)} ms after the release, its messages cut off`)
    expect(tookMs).toBeLessThan(5500)
    expect(await held.release()).toBe('released')
  })

  it('keeps its place while Redis stands still', async () => {
    const { server, ours, theirs, waiting } = await clients()
    const first = await ours.acquire('a')
    const second = theirs.acquire('a', { wait: '1m' })
    await waiting(1)
    const third = ours.acquire('a', { wait: '1m' })
    await waiting(2)
    server.pause()
    await waitUntil(() => first.remainingMs < 25_500, { what: 'some seconds', timeoutMs: 10_000 })
    server.resume()
    await waitUntil(async () => (await ours.inspect('a').catch(() => undefined))?.held === true, {
      what: 'Redis to answer',
    })
    await first.release()
    const held = await second
    await held.release()
    expect((await third).fence).toBeGreaterThan(held.fence)
  })

  it('takes a new place when Redis comes back empty', async () => {
    const { server, ours, theirs, waiting } = await clients()
    await ours.acquire('a')
    const second = theirs.acquire('a', { wait: '1m' })
    await waiting(1)
    await server.restart()
    ;(await second).assertHeld()
  })

  it('whose confirmation loses its reply is served', async () => {
    const { proxy, ours, faulty, waiting } = await clients()
    const first = await ours.acquire('a')
    const second = faulty.acquire('a')
    await waiting(1)
    // It has looked once since it hears messages; nothing else is under way.
    await new Promise((resolve) => setTimeout(resolve, 300))
    proxy.dropNextReply()
    await first.release()
    const held = await second
    held.assertHeld()
    expect(await ours.tryAcquire('a')).toBeUndefined()
    expect(await held.release()).toBe('released')
  })

  it('that is cut off for good costs the line seven seconds at most', async () => {
    const { proxy, ours, theirs, faulty, waiting } = await clients()
    const first = await ours.acquire('a')
    const lost = faulty.acquire('a', { wait: '8s' }).catch((error: unknown) => error)
    await waiting(1)
    const third = theirs.acquire('a')
    await waiting(2)
    await proxy.stop()
    const startedMs = performance.now()
    await first.release()
    await third
    const tookMs = performance.now() - startedMs
    console.log(`the next was served ${tookMs.toFixed(0)} ms after the release`)
    expect(tookMs).toBeLessThan(7500)
    expect(await lost).toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
  })
})
