import { createCache } from '@sluice/core'
import { expect, it } from 'vitest'
import { cacheResponse as expressCache, purgeResponses } from '../src/express.ts'
import { cacheResponse as koaCache } from '../src/koa.ts'

const cache = createCache()

it.each([
  [{ ttl: '1m' }, 'Expected "cache" to be a cache, such as createCache(); got undefined.'],
  [{ cache }, 'Expected "ttl" to be a duration'],
  [{ cache, ttl: 0 }, 'Expected "ttl" to be a duration'],
  [{ cache, ttl: '1m', maxbody: 5 }, 'Did you mean "maxBody"?'],
  [{ cache, ttl: '1m', maxBody: 0 }, 'Expected "maxBody" to be a whole number of at least 1'],
  [{ cache, ttl: '1m', maxVariants: 1.5 }, 'Expected "maxVariants" to be a whole number'],
  [{ cache, ttl: '1m', maxFollowers: -1 }, 'Expected "maxFollowers" to be a whole number'],
  [{ cache, ttl: '1m', query: 'none' }, "Expected \"query\" to be 'exact', 'sorted' or a list"],
  [{ cache, ttl: '1m', tags: 'all' }, 'Expected "tags" to be a list of texts'],
  [{ cache, ttl: '1m', tags: [''] }, 'Expected "tags" to be a list of texts'],
  [{ cache, ttl: '1m', key: 'tenant' }, 'Expected "key" to be a function'],
  [{ cache, ttl: '1m', sessionCookies: 'sid' }, 'Expected "sessionCookies" to be a list of cookie'],
  [
    { cache, ttl: '1m', normalize: { accept: 'x' } },
    'Expected "normalize.accept" to be a function',
  ],
  [{ cache, ttl: '1m', name: 'my cache' }, 'Expected "name" to be a word'],
  [{ cache, ttl: '1m', clock: {} }, 'Expected "clock" to be a clock'],
  [{ cache, ttl: '1m', staleIfError: 'long' }, 'Expected "staleIfError" to be a duration'],
])('a wrong option is refused, with the fix: %o', (options, message) => {
  expect(() => expressCache(options as never)).toThrow(message)
  expect(() => koaCache(options as never)).toThrow(message)
})

it('a purge refuses what it could only misunderstand', async () => {
  expect(() => purgeResponses({} as never)).toThrow('Expected "cache" to be the cache')
  const purge = purgeResponses({ cache })
  await expect(purge.byUrl('/products')).rejects.toThrow('Expected "url" to be a whole URL')
  await expect(purge.byTag('')).rejects.toThrow('Expected "tags" to be a list of texts')
})

it('the middleware functions have names', () => {
  expect(expressCache({ cache, ttl: '1m' }).name).toBe('cacheResponse')
  expect(koaCache({ cache, ttl: '1m' }).name).toBe('cacheResponse')
})
