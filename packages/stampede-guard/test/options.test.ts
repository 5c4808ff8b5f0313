import { createCache, KeyError, OptionError } from '@sluice/core'
import { describe, expect, it } from 'vitest'
import {
  createGuard,
  type Guard,
  type EntryOptions,
  type GuardOptions,
} from '@sluice/stampede-guard'
import { createBench } from './fixtures.ts'

/** What a program without types may pass. */
const create = (given: unknown) => createGuard(given as GuardOptions)

it('an option that is given as undefined is as if it was not given', async () => {
  const cache = createCache()
  const entry: Record<keyof EntryOptions, undefined> = {
    ttl: undefined,
    staleWhileRevalidate: undefined,
    staleIfError: undefined,
    softTimeout: undefined,
    timeout: undefined,
    negativeTtl: undefined,
    jitter: undefined,
    early: undefined,
    beta: undefined,
    tags: undefined,
    scope: undefined,
    retryAfter: undefined,
    lease: undefined,
    abortUnwanted: undefined,
  }
  const unset: Record<Exclude<keyof GuardOptions, 'cache'>, undefined> = {
    ...entry,
    tagCheck: undefined,
    clock: undefined,
    random: undefined,
  }
  const guard = createGuard({ cache, ...unset, ttl: '5m' })
  expect(await guard.get('unset', () => 7, entry)).toBe(7)
  expect(await cache.ttl('unset')).toBeGreaterThan(290_000)
})

describe('wrong options are refused with what was expected and given', () => {
  const cache = createCache()
  it.each([
    [undefined, /options object, got undefined/],
    [{ cache }, /"ttl" to be a duration.*got undefined/],
    [{ cache, ttl: '5 parsecs' }, /"ttl" to be a duration.*"5 parsecs"/],
    [{ cache, ttl: 0 }, /"ttl" to be a duration/],
    [{ cache, ttl: Infinity }, /"ttl" to be a duration.*Infinity/],
    [{ ttl: '1m' }, /"cache" to be a cache, such as createCache\(\); got undefined/],
    [{ cache: {}, ttl: '1m' }, /"cache" to be a cache/],
    [{ cache, ttl: '1m', beta: 0 }, /"beta" to be a finite number above 0; got 0/],
    [{ cache, ttl: '1m', beta: '1' }, /"beta".*got "1" \(string\)/],
    [{ cache, ttl: '1m', bata: 2 }, /no option "bata"\. Did you mean "beta"\?/],
    [{ cache, ttl: '1m', clock: {} }, /"clock" to be a clock/],
    [{ cache, ttl: '1m', random: 0.5 }, /"random" to be a function/],
    [{ cache, ttl: '1m', staleWhileRevalidate: 0 }, /"staleWhileRevalidate" to be a duration/],
    [{ cache, ttl: '1m', staleIfError: 'long' }, /"staleIfError" to be a duration/],
    [{ cache, ttl: '1m', softTimeout: -1 }, /"softTimeout" to be a duration/],
    [{ cache, ttl: '1m', timeout: null }, /"timeout" to be a duration/],
    [{ cache, ttl: '1m', negativeTtl: NaN }, /"negativeTtl" to be a duration/],
    [{ cache, ttl: '1m', retryAfter: 0 }, /"retryAfter" to be a duration/],
    [{ cache, ttl: '1m', lease: 0.5 }, /"lease" to be a duration/],
    [{ cache, ttl: '1m', tagCheck: {} }, /"tagCheck" to be a duration/],
    [{ cache, ttl: '1m', jitter: 1.1 }, /"jitter" to be a number from 0 to 1; got 1.1/],
    [{ cache, ttl: '1m', early: 1 }, /"early" to be 'xfetch', a number between 0 and 1, or false/],
    [{ cache, ttl: '1m', early: true }, /"early".*got true/],
    [{ cache, ttl: '1m', tags: 'red' }, /"tags" to be a list of up to 100 texts/],
    [{ cache, ttl: '1m', tags: [''] }, /"tags" to be a list of up to 100 texts/],
    [{ cache, ttl: '1m', scope: 'cluster' }, /"scope" to be one of 'fleet', 'process'/],
    [{ cache, ttl: '1m', abortUnwanted: 1 }, /"abortUnwanted" to be true or false/],
  ])('%o', (given, message) => {
    expect(() => create(given)).toThrow(OptionError)
    expect(() => create(given)).toThrow(message)
  })
})

describe('wrong calls are refused, and nothing is loaded', () => {
  const refused = async (call: (guard: Guard, load: () => unknown) => unknown) => {
    let loads = 0
    const { guard } = createBench()
    const outcome = await Promise.resolve(call(guard, () => loads++)).catch(
      (error: unknown) => error,
    )
    expect(loads).toBe(0)
    return outcome
  }

  it.each(['', 'a'.repeat(10_000), '\uD800'])('a key that cannot be stored', async (key) => {
    expect(await refused((guard, load) => guard.get(key, load))).toBeInstanceOf(KeyError)
    expect(await refused((guard) => guard.set(key, 1))).toBeInstanceOf(KeyError)
    expect(await refused((guard) => guard.delete(key))).toBeInstanceOf(KeyError)
    expect(await refused((guard) => guard.peek(key))).toBeInstanceOf(KeyError)
  })
  it('a ttl or an option of one call', async () => {
    const wrong = { tll: '1m' } as object
    expect(await refused((guard, load) => guard.get('a', load, { ttl: -1 }))).toBeInstanceOf(
      OptionError,
    )
    expect(await refused((guard, load) => guard.get('a', load, wrong))).toMatchObject({
      message: expect.stringContaining('get() has no option "tll". Did you mean "ttl"?'),
    })
    expect(await refused((guard) => guard.set('a', 1, { ttl: 1.5 }))).toBeInstanceOf(OptionError)
    expect(await refused((guard) => guard.set('a', undefined))).toBeInstanceOf(OptionError)
  })
  it('a signal, a mode, tags or a bound of one call', async () => {
    const signal = {} as AbortSignal
    expect(await refused((guard, load) => guard.get('a', load, { signal }))).toMatchObject({
      message: expect.stringContaining('"signal" to be an AbortSignal'),
    })
    const mode = 'soft' as 'stale'
    expect(await refused((guard) => guard.invalidateTags(['a'], mode))).toMatchObject({
      message: expect.stringContaining(`"mode" to be one of 'hard', 'stale'`),
    })
    expect(await refused((guard) => guard.invalidateTags([7 as never]))).toBeInstanceOf(OptionError)
    expect(await refused(async (guard) => guard.close(-1))).toBeInstanceOf(OptionError)
  })
  it('a ttl that a loader sets', async () => {
    const { guard, cache } = createBench()
    const wrong = guard.get('a', ({ setTtl }) => setTtl(-1))
    await expect(wrong).rejects.toBeInstanceOf(OptionError)
    expect(await cache.has('a')).toBe(false)
  })
  it('a loader that is no function', async () => {
    const noLoader = 'load' as unknown as () => unknown
    expect(await refused((guard) => guard.get('a', noLoader))).toBeInstanceOf(OptionError)
    const { guard } = createBench()
    expect(() => guard.wrap(noLoader, { key: () => 'a' })).toThrow(OptionError)
    expect(() => guard.wrap(() => 1, { key: 'a' as unknown as () => string })).toThrow(
      /"key" to be a function of the arguments/,
    )
  })
})
