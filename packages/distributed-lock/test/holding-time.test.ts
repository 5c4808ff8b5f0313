import { describe, expect, it } from 'vitest'
import { currentLock, type WithLockOptions } from '../src/index.ts'
import { withLockBy } from '../src/with-lock.ts'
import { fixture, rejection, type Fixture } from './fixture.ts'

/** A job under a lock of its own name, which every clock of the fixture measures. */
function wrap(
  { time, locks }: Fixture,
  options: Omit<WithLockOptions<[]>, 'key'>,
  work: () => unknown,
): () => Promise<unknown> {
  return withLockBy(time, locks, { key: 'sync', onBusy: 'skip', ...options }, async () => work())
}

const isHeld = async ({ locks }: Fixture): Promise<boolean> => (await locks.inspect('sync')).held

describe('a lock that is held at least for so long', () => {
  it('outlasts a handler that ends at once, counted from the grant, and nobody waits for it', async () => {
    const fix = fixture()
    const sync = wrap(fix, { holdAtLeast: '10s' }, () => fix.time.sleep(1000).then(() => 'done'))
    const running = sync()
    await fix.time.advance(1000)
    expect(await running).toBe('done')
    await fix.time.advance(8999)
    expect(await isHeld(fix)).toBe(true)
    expect(await sync()).toBeUndefined()
    await fix.time.advance(1)
    expect(await isHeld(fix)).toBe(false)
  })

  it('is kept for longer than its ttl', async () => {
    const fix = fixture()
    await wrap(fix, { holdAtLeast: '5m', ttl: '1s' }, () => 42)()
    for (let second = 1; second < 300; second++) {
      await fix.time.advance(1000)
      expect(await isHeld(fix), `after ${second} s`).toBe(true)
    }
    await fix.time.advance(1000)
    expect(await isHeld(fix)).toBe(false)
    expect(fix.time.timers()).toBe(0)
  })

  it('is kept by the store alone when the process ends with the handler', async () => {
    const fix = fixture()
    await wrap(fix, { holdAtLeast: '5m', ttl: '1s' }, () => 42)()
    fix.time.block(299_999)
    expect(await isHeld(fix)).toBe(true)
    fix.time.block(1)
    expect(await isHeld(fix)).toBe(false)
  })

  it('outlasts a handler that throws', async () => {
    const fix = fixture()
    const error = new Error('of the handler')
    const sync = wrap(fix, { holdAtLeast: '10s' }, () => Promise.reject(error))
    expect(await rejection(sync())).toBe(error)
    await fix.time.advance(9999)
    expect(await isHeld(fix)).toBe(true)
    await fix.time.advance(1)
    expect(await isHeld(fix)).toBe(false)
  })

  it('is given back at once by a handler that took longer', async () => {
    const fix = fixture()
    const sync = wrap(fix, { holdAtLeast: '10s' }, () => fix.time.sleep(10_000))
    const running = sync()
    await fix.time.advance(10_000)
    await running
    expect(await isHeld(fix)).toBe(false)
    expect(fix.time.timers()).toBe(0)
  })

  it('keeps the handler’s result when the store cannot be told', async () => {
    const fix = fixture()
    fix.failAlways('extend', 'lost-request')
    const sync = wrap(fix, { holdAtLeast: '5m', ttl: '1s' }, () => 42)
    expect(await sync()).toBe(42)
  })

  it('is lost like any other, and says so', async () => {
    const fix = fixture()
    const sync = wrap(fix, { holdAtLeast: '5m', ttl: '1s' }, () => fix.time.block(1000))
    expect(await rejection(sync())).toMatchObject({ code: 'SLUICE_LOCK_LOST', reason: 'deadline' })
    expect(await isHeld(fix)).toBe(false)
  })
})

describe('a lock that is held at the most for so long', () => {
  it('is renewed no more then, and its signal aborts before the lease ends', async () => {
    const fix = fixture()
    const seen: unknown[] = []
    const startedAtMs = fix.time.now().monotonicMs
    const passedMs = (): number => Math.round(fix.time.now().monotonicMs - startedAtMs)
    const sync = wrap(fix, { maxHold: '1m', ttl: '10s' }, async () => {
      const { signal } = currentLock() ?? {}
      signal?.addEventListener('abort', () => void seen.push(passedMs()))
      await fix.time.sleep(120_000)
      return signal?.reason
    })
    const running = rejection(sync())
    for (let second = 0; second < 59; second++) await fix.time.advance(1000)
    expect(seen).toEqual([])
    expect(await isHeld(fix)).toBe(true)
    for (let second = 0; second < 61; second++) await fix.time.advance(1000)
    expect(seen).toEqual([60_000])
    expect(await isHeld(fix)).toBe(false)
    expect(await running).toMatchObject({ reason: 'max-hold', value: { reason: 'max-hold' } })
  })
})

it.each([
  ['nothing', { holdAtLeast: 0 }],
  ['longer than a lease may be', { holdAtLeast: '8d' }],
  ['longer than the lock may be held', { holdAtLeast: '2m', maxHold: '1m' }],
] as const)('a least time that cannot be meant is refused: %s', (_, options) => {
  expect(() => wrap(fixture(), options, () => 42)).toThrow(/holdAtLeast/)
})
