import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { describe, expect, it } from 'vitest'
import { createLocks } from '../src/index.ts'
import { systemTime } from '../src/local-time.ts'

/** The kinds of what would keep this process alive. */
const kept = (): string[] => process.getActiveResourcesInfo().toSorted()

describe('the clocks and timers of this machine', () => {
  it('keep no process alive for a held lock, nor for one that was released', async () => {
    const locks = createLocks({ cache: createCache({ store: memoryStore() }), ttl: '1h' })
    const before = kept()
    const held = await Promise.all(Array.from({ length: 100 }, (_, n) => locks.acquire(`a${n}`)))
    expect(kept()).toEqual(before)
    await Promise.all(held.map(({ release }) => release()))
    expect(kept()).toEqual(before)
  })

  it('keep it alive for a waiter, until it is told to give up', async () => {
    const before = kept()
    const controller = new AbortController()
    const sleeping = systemTime.sleep(60_000, controller.signal)
    expect(kept()).toEqual([...before, 'Timeout'].toSorted())
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(sleeping).rejects.toBe(reason)
    expect(kept()).toEqual(before)
  })

  it('sleep without a signal, and call back once', async () => {
    await systemTime.sleep(1)
    let calls = 0
    systemTime.after(1, () => calls++)()
    systemTime.after(1, () => calls++)
    await systemTime.sleep(5)
    expect(calls).toBe(1)
  })

  it('run both clocks forwards', () => {
    const first = systemTime.now()
    const second = systemTime.now()
    expect(second.monotonicMs).toBeGreaterThanOrEqual(first.monotonicMs)
    expect(Math.abs(second.wallMs - Date.now())).toBeLessThan(1000)
  })
})
