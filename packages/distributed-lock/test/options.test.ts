import { createCache, KeyError, OptionError } from '@sluice/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  createLocks,
  withLock,
  type AcquireOptions,
  type LeadOptions,
  type LocksOptions,
  type RetryOptions,
  type RunOptions,
  type WithLockOptions,
} from '../src/index.ts'

const cache = createCache()
const locks = createLocks({ cache })

/** Untyped callers exist. */
function untyped<Value>(value: unknown): Value {
  return value as Value
}

describe('a wrong option', () => {
  it.each([
    ['nothing', undefined],
    ['no cache', {}],
    ['a store for a cache', { cache: cache.store }],
    ['an unknown option', { cache, tll: '1s' }],
    ['a ttl that is too short', { cache, ttl: 99 }],
    ['a ttl that is too long', { cache, ttl: '8d' }],
    ['a ttl that is none', { cache, ttl: 'soon' }],
    ['an endless ttl', { cache, ttl: Infinity }],
    ['a fence that is forgotten too soon', { cache, fenceRetention: '59m' }],
    ['a number of replicas that is none', { cache, replicas: -1 }],
    ['replicas that may take too long', { cache, replicas: 1, replicasTimeout: '2s' }],
    ['time for no replicas', { cache, replicasTimeout: '1s' }],
  ])('of createLocks is refused: %s', (_, options) => {
    expect(() => createLocks(untyped(options))).toThrow(OptionError)
  })

  it.each([
    ['an unknown option', { waits: 1 }],
    ['a ttl that is too short', { ttl: '50ms' }],
    ['a negative wait', { wait: -1 }],
    ['a wait that is none', { wait: 'long' }],
    ['a signal that is none', { signal: {} }],
    ['no time to hold', { maxHold: 0 }],
    ['no attempt', { retry: { attempts: 0 } }],
    ['a factor below 1', { retry: { factor: 0.5 } }],
    ['a factor that is no number', { retry: { factor: '2' } }],
    ['a jitter above 1', { retry: { jitter: 1.5 } }],
    ['a jitter that is no number', { retry: { jitter: NaN } }],
    ['a delay that is none', { retry: { delay: '0s' } }],
    ['an unknown option of retry', { retry: { delays: 1 } }],
  ])('of acquire is refused: %s', async (_, options) => {
    const given = untyped<AcquireOptions>(options)
    await expect(locks.acquire('a', given)).rejects.toThrow(OptionError)
    await expect(locks.run('a', () => 42, given)).rejects.toThrow(OptionError)
    expect(await locks.inspect('a')).toMatchObject({ held: false })
  })

  it('of tryAcquire and tryRun is refused', async () => {
    const given = untyped<object>({ wait: '1s' })
    await expect(locks.tryAcquire('a', given)).rejects.toThrow(
      /tryAcquire\(\) has no option "wait"/,
    )
    await expect(locks.tryRun('a', () => 42, given)).rejects.toThrow(OptionError)
  })

  it('of run is refused before the lock is taken: no work', async () => {
    await expect(locks.run('a', untyped(undefined))).rejects.toThrow(OptionError)
    await expect(locks.tryRun('a', untyped('work'))).rejects.toThrow(OptionError)
    expect(await locks.inspect('a')).toMatchObject({ fence: undefined })
  })

  it.each([
    ['no key', {}],
    ['an unknown option', { key: 'a', busy: 'wait' }],
    ['an unknown policy', { key: 'a', onBusy: 'queue' }],
    ['a wait for what does not wait', { key: 'a', onBusy: 'skip', wait: '1s' }],
    ['a retry of what does not wait', { key: 'a', onBusy: 'throw', retry: {} }],
    ['a ttl that is none', { key: 'a', ttl: '1 parsec' }],
  ])('of withLock is refused before the first call: %s', (_, options) => {
    expect(() => withLock(locks, untyped<{ key: string }>(options), () => 42)).toThrow(OptionError)
  })

  it('of withLock is refused: no locks, no handler', () => {
    expect(() => withLock(untyped(undefined), { key: 'a' }, () => 42)).toThrow(/createLocks/)
    expect(() => withLock(locks, { key: 'a' }, untyped<() => void>(undefined))).toThrow(OptionError)
  })

  it('says what was expected, what was given and the fix', () => {
    expect(() => createLocks({ cache, ttl: 50 })).toThrow(
      `Expected "ttl" to be a duration from '100ms' to '7d'; got 50 (number).`,
    )
  })
})

describe('an option that is given as undefined', () => {
  type Unset<Options, Given extends keyof Options = never> = Record<
    Exclude<keyof Options, Given>,
    undefined
  >
  const retry: Unset<RetryOptions> = {
    attempts: undefined,
    delay: undefined,
    factor: undefined,
    max: undefined,
    jitter: undefined,
  }
  const run: Unset<RunOptions> = {
    ttl: undefined,
    maxHold: undefined,
    reentrant: undefined,
    wait: undefined,
    signal: undefined,
    retry: undefined,
    onLost: undefined,
  }
  const { onLost: _, ...acquire } = run

  it('is as if it was not given', async () => {
    const settings: Unset<LocksOptions, 'cache'> = {
      ttl: undefined,
      fenceRetention: undefined,
      replicas: undefined,
      replicasTimeout: undefined,
    }
    const own = createLocks({ cache, ...settings })
    const lock = await own.acquire('unset', acquire)
    expect(lock.remainingMs).toBeGreaterThan(25_000)
    expect(await lock.release()).toBe('released')
    expect(await own.run('unset', () => 'done', run)).toBe('done')
    expect(await own.run('unset', () => 'done', { retry })).toBe('done')
  })

  it('is so for a handler and for a leader', async () => {
    const options: Unset<WithLockOptions<[]>, 'key'> = {
      ttl: undefined,
      onBusy: undefined,
      wait: undefined,
      retry: undefined,
      holdAtLeast: undefined,
      maxHold: undefined,
      signal: undefined,
    }
    expect(await withLock(locks, { key: 'unset', ...options }, () => 'done')()).toBe('done')
    const unset: Unset<LeadOptions> = { ttl: undefined, retryDelay: undefined, signal: undefined }
    await new Promise<void>((resolve) => {
      const candidate = locks.lead('unset', () => resolve(), unset)
      onTestFinished(() => candidate.resign())
    })
  })
})

describe('a wrong name', () => {
  it.each([
    ['none', undefined],
    ['empty', ''],
    ['no text', 7],
    ['too long', 'a'.repeat(1025)],
    ['half a surrogate pair', '\ud800'],
  ])('is refused: %s', async (_, name) => {
    const given = untyped<string>(name)
    await expect(locks.acquire(given)).rejects.toThrow(KeyError)
    await expect(locks.tryAcquire(given)).rejects.toThrow(KeyError)
    await expect(locks.run(given, () => 42)).rejects.toThrow(KeyError)
    await expect(locks.tryRun(given, () => 42)).rejects.toThrow(KeyError)
    await expect(locks.inspect(given)).rejects.toThrow(KeyError)
  })

  it('is a matter of length and encoding alone', async () => {
    for (const name of ['{a}', 'a}{b', 'order:7:fence', '*', '💡', ' ', '\n']) {
      await using lock = await locks.acquire(name)
      lock.assertHeld()
    }
  })
})
