import { createCache, KeyError, OptionError } from '@sluice/core'
import { describe, expect, it } from 'vitest'
import { createGuard, type Guard, type GuardOptions } from '@sluice/stampede-guard'
import { createBench } from './fixtures.ts'

/** What a program without types may pass. */
const create = (given: unknown) => createGuard(given as GuardOptions)

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
