import { OptionError } from '@sluice/core'
import { describe, expect, it } from 'vitest'
import { rateLimit } from '../src/express.ts'
import { createRateLimiter } from '../src/index.ts'

/** Calls with what TypeScript would refuse. */
function call(make: (options: never) => unknown, options: unknown): unknown {
  return Reflect.apply(make, undefined, [options])
}

const one = { limit: 1, window: '1m' }
const policy = { name: 'burst', limit: 1, window: '1s' }

const wrong: readonly (readonly [what: string, options: unknown, message: RegExp])[] = [
  ['no options', undefined, /options object/],
  ['a limit that is missing', { window: '1m' }, /"limit" to be a whole number of at least 1/],
  ['a limit of 0', { ...one, limit: 0 }, /or Infinity for no limit; got 0/],
  ['a fraction', { ...one, limit: 1.5 }, /got 1\.5/],
  ['less than nothing', { ...one, limit: -Infinity }, /got -Infinity/],
  ['a limit as text', { ...one, limit: '100' }, /got "100" \(string\)/],
  ['a window that is missing', { limit: 1 }, /"window" to be a duration/],
  ['a window without a unit', { ...one, window: '60' }, /"window" to be a duration/],
  ['a window of 0', { ...one, window: 0 }, /"window" to be a duration/],
  ['a fraction of a window', { ...one, window: 0.5 }, /"window" to be a duration/],
  ['a window of ages', { ...one, window: '101y' }, /at most 100 years/],
  ['what cannot be counted exactly', { limit: 2 ** 40, window: '1h' }, /counted exactly/],
  ['a near miss', { ...one, limits: 3 }, /no option "limits"\. Did you mean "limit"\?/],
  ['what is no cache', { ...one, cache: {} }, /"cache" to be a cache/],
  ['a name that headers cannot hold', { ...one, name: 'a"b' }, /"name" to be a letter/],
  ['a name that is empty', { ...one, name: '' }, /"name" to be a letter/],
  ['an unknown policy on errors', { ...one, onStoreError: 'closd' }, /'local', 'open', 'closed'/],
  ['a deadline of nothing', { ...one, deadline: 0 }, /"deadline" to be a duration/],
  ['limits in two ways', { ...one, policies: [policy] }, /not both/],
  ['an empty list', { policies: [] }, /"policies" to be a list/],
  ['a policy without a name', { policies: [one] }, /"policies\[0\]\.name"/],
  ['a policy of an odd name', { policies: [policy, { ...policy, name: 'é' }] }, /"policies\[1\]/],
  ['a name used twice', { policies: [policy, policy] }, /Two policies are called "burst"/],
]

describe('options', () => {
  it.each(wrong)('refuse %s, saying what is expected', (_, options, message) => {
    expect(() => call(createRateLimiter, options)).toThrow(OptionError)
    expect(() => call(createRateLimiter, options)).toThrow(message)
    expect(() => call(rateLimit, options)).toThrow(message)
  })

  it.each([
    ['a key that is no function', { ...one, key: 'ip' }, /"key" to be a function/],
    ['a skip that is no function', { ...one, skip: true }, /"skip" to be a function/],
    ['a negative cost', { ...one, cost: -1 }, /"cost" to be a whole number of at least 0/],
    ['headers of an odd kind', { ...one, headers: true }, /"headers" to be an object/],
    ['a subnet that is too wide', { ...one, ipv6Subnet: 16 }, /"ipv6Subnet" to be .* 32 to 128/],
    ['a subnet for a key of one’s own', { ...one, ipv6Subnet: 64, key: () => '' }, /clientKey/],
    ['an allowed host name', { ...one, allow: ['::1', 'localhost'] }, /"allow\[1\]".*"localhost"/],
    ['a denied nothing', { ...one, deny: '10.0.0.0/8' }, /"deny" to be a list/],
    ['a problem that is neither', { ...one, problem: 'yes' }, /"problem" to be true or false/],
    ['an answer that is no function', { ...one, answer: {} }, /"answer" to be a function/],
    ['a refund on a number', { ...one, refundOn: 200 }, /"refundOn" to be a function/],
    ['a dry run that is neither', { ...one, dryRun: 1 }, /"dryRun" to be true or false/],
    ['a hook that is no function', { ...one, onLimited: 'log' }, /"onLimited" to be a function/],
    ['an unknown silence', { ...one, silence: ['SLUICE_WARN_X'] }, /"silence\[0\]".*TRUST_PROXY/],
    ['a silence that is no list', { ...one, silence: true }, /"silence" to be a list/],
    ['an unknown header', { ...one, headers: { legcy: true } }, /Did you mean "legacy"/],
    ['a header that is neither on nor off', { ...one, headers: { legacy: 1 } }, /true or false/],
    [
      'a bad policy beside one that comes with the request',
      {
        policies: [
          { ...policy, limit: () => 1 },
          { ...policy, name: 'day', limit: 0 },
        ],
      },
      /"limit"/,
    ],
  ])('of the middleware refuse %s', (_, options, message) => {
    expect(() => call(rateLimit, options)).toThrow(OptionError)
    expect(() => call(rateLimit, options)).toThrow(message)
  })

  it('that are undefined count as absent', () => {
    const absent = {
      cache: undefined,
      name: undefined,
      onStoreError: undefined,
      deadline: undefined,
    }
    expect(() => createRateLimiter({ limit: 1, window: '1m', ...absent })).not.toThrow()
  })

  it('that are functions are left until a request comes', () => {
    expect(() => rateLimit({ limit: 1, window: () => '1m' })).not.toThrow()
    expect(() => rateLimit({ limit: () => 1, window: '1m' })).not.toThrow()
  })

  it('of a call are checked too', async () => {
    const limiter = createRateLimiter({ limit: 1, window: '1m' })
    for (const cost of [-1, 0.5, NaN, Infinity]) {
      await expect(limiter.consume('ada', { cost })).rejects.toThrow(OptionError)
    }
  })
})
