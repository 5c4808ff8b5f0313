import { describe, expect, it } from 'vitest'
import { LockBusyError, LockTimeoutError, type AcquireOptions } from '../src/index.ts'
import { parseRetry, pauseMs } from '../src/retry.ts'
import { fixture, rejection } from './fixture.ts'
import { settled } from './manual-time.ts'

const steady: AcquireOptions = { wait: '5s', retry: { jitter: 0 } }

describe('asking again for a lock', () => {
  it('ends when the holder gives it back', async () => {
    const { locks, time } = fixture()
    const first = await locks.acquire('a')
    const waiting = locks.acquire('a', steady)
    await time.advance(2000)
    await first.release()
    await time.advance(1000)
    const second = await waiting
    expect(second.fence).toBeGreaterThan(first.fence)
  })

  it('ends as soon as the lease of a dead holder has expired', async () => {
    const { locks, time, failAlways } = fixture()
    await locks.acquire('a', { ttl: '1s' })
    failAlways('extend', 'lost-request')
    const waiting = locks.acquire('a', { wait: '5s', retry: { delay: '10s', max: '10s' } })
    await time.advance(1001)
    ;(await waiting).assertHeld()
  })

  it('ends with a timeout that tells how it went', async () => {
    const { locks, time } = fixture()
    await locks.acquire('a', { ttl: '30s' })
    const waiting = rejection(locks.acquire('a', { ...steady, wait: '1s' }))
    await time.advance(1000)
    const error = await waiting
    expect(error).toBeInstanceOf(LockTimeoutError)
    // Asked at 0, 100, 300, 700 and, for the last time, at 1000 ms.
    expect(error).toMatchObject({
      code: 'SLUICE_LOCK_TIMEOUT',
      lockName: 'a',
      waitedMs: 1000,
      attempts: 5,
      remainingMs: 29_000,
      status: 409,
    })
  })

  it('ends after the attempts that it was given', async () => {
    const { locks, time, calls } = fixture()
    await locks.acquire('a')
    calls.length = 0
    const waiting = rejection(locks.acquire('a', { retry: { attempts: 3, jitter: 0 } }))
    await time.advance(300)
    expect(await waiting).toMatchObject({ code: 'SLUICE_LOCK_TIMEOUT', attempts: 3 })
    expect(calls).toEqual(['acquire', 'acquire', 'acquire'])
  })

  it('ends at once where none was wanted', async () => {
    const { locks } = fixture()
    await locks.acquire('a', { ttl: '30s' })
    const error = await rejection(locks.acquire('a', { wait: 0 }))
    expect(error).toBeInstanceOf(LockBusyError)
    expect(error).toMatchObject({
      code: 'SLUICE_LOCK_BUSY',
      lockName: 'a',
      remainingMs: 30_000,
      status: 409,
    })
  })

  it('lasts as long as it takes where that was wanted', async () => {
    const { locks, time } = fixture()
    const first = await locks.acquire('a')
    const waiting = locks.acquire('a', { wait: Infinity })
    await time.advance(120_000)
    await first.release()
    await time.advance(1000)
    ;(await waiting).assertHeld()
  })

  it('lasts ten seconds where nothing was said', async () => {
    const { locks, time } = fixture()
    await locks.acquire('a')
    const waiting = rejection(locks.acquire('a'))
    await time.advance(10_000)
    expect(await waiting).toMatchObject({ code: 'SLUICE_LOCK_TIMEOUT', waitedMs: 10_000 })
  })

  it('ends with the reason of a signal, and asks no more', async () => {
    const { locks, time, calls } = fixture()
    await locks.acquire('a')
    const controller = new AbortController()
    const waiting = rejection(locks.acquire('a', { signal: controller.signal }))
    await settled()
    const reason = new Error('shutting down')
    controller.abort(reason)
    expect(await waiting).toBe(reason)
    const asked = calls.length
    // The holder's two.
    expect(time.timers()).toBe(2)
    await time.advance(5000)
    expect(calls.length).toBe(asked)
  })

  it('does not begin with a signal that has aborted', async () => {
    const { locks, calls } = fixture()
    const signal = AbortSignal.abort()
    await expect(locks.acquire('a', { signal })).rejects.toBe(signal.reason)
    expect(calls).toEqual([])
  })

  it('gives back what was granted while its signal aborted', async () => {
    const { locks } = fixture()
    const controller = new AbortController()
    const acquiring = rejection(locks.acquire('a', { signal: controller.signal }))
    controller.abort()
    await acquiring
    await settled()
    expect(await locks.inspect('a')).toMatchObject({ held: false })
  })
})

describe('the backoff', () => {
  it('is exponential up to its bound', () => {
    const plan = parseRetry({ delay: '200ms', factor: 2, max: '1s', jitter: 0 })
    const pauses = [1, 2, 3, 4, 5, 5000].map((attempt) => pauseMs(plan, attempt, 0.7))
    expect(pauses).toEqual([200, 400, 800, 1000, 1000, 1000])
  })

  it('is 100 ms doubled up to a second, half of it random, unless told otherwise', () => {
    const plan = parseRetry()
    expect([1, 2, 3, 4, 5].map((attempt) => pauseMs(plan, attempt, 0))).toEqual([
      100, 200, 400, 800, 1000,
    ])
    expect(pauseMs(plan, 2, 1)).toBe(100)
    expect(pauseMs(plan, 2, 0.5)).toBe(150)
  })
})

it('one signal ends the wait of a hundred, and Node warns of no leak', async () => {
  const { locks, time } = fixture()
  await locks.acquire('a')
  const warnings: Error[] = []
  const warned = (warning: Error): void => void warnings.push(warning)
  process.on('warning', warned)
  const shutdown = new AbortController()
  const options = { wait: '1m', signal: shutdown.signal } as const
  const waiting = Array.from({ length: 100 }, () => rejection(locks.acquire('a', options)))
  await time.advance(10)
  shutdown.abort()
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([shutdown.signal.reason]))
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', warned)
  expect(warnings).toEqual([])
})
