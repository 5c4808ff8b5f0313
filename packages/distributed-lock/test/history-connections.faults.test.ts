import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy, type FaultProxy } from '@sluice/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Worker } from './history/crew.ts'
import { nowMs } from './history/events.ts'
import type { Scene } from './history/scene.ts'
import { crewOf, nothing, sceneOf, take, unavailable } from './history/steps.ts'

describe('a connection that fails', () => {
  const ttlMs = 300
  const kinds: readonly (readonly [string, (proxy: FaultProxy) => void])[] = [
    ['it is cut', (proxy) => void setTimeout(proxy.cut, 1)],
    ['the reply is lost', (proxy) => proxy.dropNextReply()],
    ['nothing reaches Redis', (proxy) => proxy.blackhole('up')],
    ['nothing comes back', (proxy) => proxy.blackhole('down')],
    ['replies come after the ttl', (proxy) => proxy.delay(200)],
    ['nobody listens', (proxy) => proxy.refuse()],
  ]

  /** What every verb promises under every fault: it settles, and the lock is soon there for another. */
  async function underEachFault(verb: 'acquire' | 'extend' | 'release'): Promise<void> {
    const scene = await sceneOf(ttlMs)
    const [a, b] = crewOf(scene)
    await Promise.all(kinds.map((kind) => underFault(kind, { verb, scene, a, b })))
    expect(scene.verdict()).toEqual(nothing)
  }

  interface Case {
    readonly verb: 'acquire' | 'extend' | 'release'
    readonly scene: Scene
    readonly a: Worker
    readonly b: Worker
  }

  async function underFault(
    [what, begin]: (typeof kinds)[number],
    { verb, scene, a, b }: Case,
  ): Promise<void> {
    const { server, prefix } = scene
    const proxy = await startFaultProxy({ port: server.port })
    onTestFinished(() => proxy.stop())
    const redis = { host: '127.0.0.1', port: proxy.port }
    await a.ask('open', { client: what, prefix, ttl: ttlMs, redis })
    await take(a, `warm ${what}`, `warm ${what}`, what)
    if (verb !== 'acquire') await take(a, what, what, what)
    begin(proxy)
    const startedMs = nowMs()
    const outcome = await a.ask(verb, { client: what, lock: what, hold: what, wait: 1000 })
    const tookMs = nowMs() - startedMs
    const next = take(b, `next ${what}`, what)
    await sleep(ttlMs * 1.5)
    proxy.heal()
    console.log(`${verb}, ${what}: ${outcome} after ${tookMs.toFixed(0)} ms`)
    expect(tookMs).toBeLessThan(2500)
    const expected = ['ok', 'kept', 'released', 'expired', 'SLUICE_LOCK_LOST', unavailable]
    expect(expected).toContain(outcome)
    // After an extension that failed the lock is still held.
    if (outcome === 'ok' || verb === 'extend') await a.ask('release', { hold: what })
    await next
  }

  it.each(['acquire', 'extend', 'release'] as const)(
    'during %s never lets two in, hangs nobody, and leaves the lock to the next',
    underEachFault,
    30_000,
  )
})
