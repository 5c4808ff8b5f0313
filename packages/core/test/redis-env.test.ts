import { inspect } from 'node:util'
import { OptionError } from '@sluice/core'
import { cacheFromEnv, type Environment } from '@sluice/core/redis'
import { afterEach, expect, it } from 'vitest'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const cache of opened.splice(0)) await cache.close()
})

function open(env: Environment): ReturnType<typeof cacheFromEnv> {
  const cache = cacheFromEnv(env)
  opened.push(cache)
  return cache
}

it.each<[expected: string, env: Environment]>([
  ['memory', {}],
  ['memory', { PATH: '/bin', NODE_ENV: 'production' }],
  ['memory', { CACHE_PROVIDER: 'memory' }],
  ['memory', { CACHE_PROVIDER: 'memory', REDIS_URL: 'redis://localhost' }],
  ['redis', { REDIS_URL: 'redis://localhost' }],
  ['redis', { REDIS_HOST: 'localhost' }],
  ['redis', { REDIS_HOST: '::1', REDIS_PORT: '7000', REDIS_DATABASE: '2' }],
  ['redis', { CACHE_PROVIDER: 'redis', REDIS_HOST: 'localhost', REDIS_PASSWORD: 'p' }],
  ['redis', { REDIS_URL: 'redis://localhost:7000/2', REDIS_PORT: '7000', REDIS_DATABASE: '2' }],
  ['redis', { REDIS_URL: 'redis://localhost', REDIS_PASSWORD: 'p', REDIS_MAX_CONNECTIONS: '4' }],
  // What hosting providers and this repository's tests set is none of its business.
  ['redis', { REDIS_URL: 'redis://h', REDIS_TLS_URL: 'rediss://h', REDIS_SERVER_BIN: '/bin/x' }],
  ['memory', { REDIS_SERVICE_HOST: '10.0.0.1', REDIS_PORT_6379_TCP: 'tcp://10.0.0.1:6379' }],
])('makes a cache on %s of %j', (expected, env) => {
  expect(open(env).store.kind).toBe(expected)
})

it('a bare CACHE_DEFAULT_TTL is in seconds, as the spec has it; text says its unit', async () => {
  for (const text of ['3600', '1h']) {
    const cache = open({ CACHE_DEFAULT_TTL: text })
    await cache.set('key', 1)
    expect(await cache.ttl('key')).toBeGreaterThan(3_590_000)
    expect(await cache.ttl('key')).toBeLessThanOrEqual(3_600_000)
  }
})

it('CACHE_KEY_PREFIX is the prefix', () => {
  expect(open({ CACHE_KEY_PREFIX: 'shop' }).stateKey('area', 'name')).toBe('shop#area:{name}')
})

it.each<[env: Environment, message: RegExp]>([
  [{ CACHE_PROVIDER: 'reddis' }, /CACHE_PROVIDER: .*one of 'memory', 'redis'/],
  [{ CACHE_PROVIDER: 'redis' }, /CACHE_PROVIDER=redis is set, but nothing says where Redis is/],
  [{ CACHE_DEFAULT_TTL: '0' }, /CACHE_DEFAULT_TTL: Expected/],
  [{ CACHE_DEFAULT_TTL: '-5' }, /CACHE_DEFAULT_TTL: Expected/],
  [{ CACHE_DEFAULT_TTL: 'soon' }, /CACHE_DEFAULT_TTL: Expected/],
  [{ CACHE_DEFAULT_TTL: '9999999999999999' }, /CACHE_DEFAULT_TTL: Expected/],
  [{ CACHE_KEY_PREFIX: 'a:b' }, /CACHE_KEY_PREFIX: Expected "prefix"/],
  [{ CACHE_KEY_PREFIX: '' }, /CACHE_KEY_PREFIX is empty/],
  [{ CACHE_TTL: '60' }, /knows no variable CACHE_TTL. Known are CACHE_PROVIDER/],
  [{ CACHE_KEY_PREFX: 'a' }, /CACHE_KEY_PREFX. Did you mean CACHE_KEY_PREFIX\?/],
  [{ REDIS_URL: '' }, /REDIS_URL is empty/],
  [{ REDIS_URL: 'localhost' }, /REDIS_URL: Expected "url" to look like/],
  [{ REDIS_URI: 'redis://h' }, /REDIS_URI. Did you mean REDIS_URL\?/],
  [{ REDIS_HOTS: 'h' }, /REDIS_HOTS. Did you mean REDIS_HOST\?/],
  [{ REDIS_HOST: 'redis://h' }, /REDIS_HOST: Expected "REDIS_HOST" to be a host name/],
  [{ REDIS_HOST: 'h:6379' }, /REDIS_HOST: Expected/],
  [{ REDIS_HOST: 'h', REDIS_PORT: 'tcp://10.0.0.1:6379' }, /REDIS_PORT: .*Kubernetes/],
  [{ REDIS_HOST: 'h', REDIS_PORT: '70000' }, /REDIS_PORT: Expected "REDIS_PORT" to be a port/],
  [{ REDIS_HOST: 'h', REDIS_DATABASE: 'two' }, /REDIS_DATABASE: Expected a whole number/],
  [{ REDIS_HOST: 'h', REDIS_MAX_CONNECTIONS: '0' }, /REDIS_MAX_CONNECTIONS/],
  [{ REDIS_HOST: 'h', REDIS_PASSWORD: '' }, /REDIS_PASSWORD is empty/],
  [{ REDIS_PASSWORD: 'p' }, /REDIS_PASSWORD is set, but nothing says where Redis is/],
  [{ REDIS_URL: 'redis://a', REDIS_HOST: 'b' }, /REDIS_HOST and REDIS_URL contradict each other/],
  [{ REDIS_URL: 'redis://:x@a', REDIS_PASSWORD: 'y' }, /REDIS_PASSWORD and REDIS_URL contradict/],
  [{ REDIS_URL: 'redis://a/1', REDIS_DATABASE: '2' }, /REDIS_DATABASE and REDIS_URL contradict/],
])('refuses %j', (env, message) => {
  expect(() => cacheFromEnv(env)).toThrow(OptionError)
  expect(() => cacheFromEnv(env)).toThrow(message)
})

it('shows no secret in what it refuses', () => {
  const secret = 'hunter2'
  for (const env of [
    { REDIS_URL: `redis//:${secret}@h` },
    { REDIS_URL: `redis://:${secret}%zz@h` },
    { REDIS_URL: `redis://:${secret}@h`, REDIS_PASSWORD: 'other' },
    { REDIS_HOST: `redis://:${secret}@h` },
    { REDIS_HOST: 'h', REDIS_PORT: secret },
    { REDIS_HOST: 'h', REDIS_DATABASE: secret },
    { REDIS_HOST: 'h', REDIS_MAX_CONNECTIONS: secret },
    { REDIS_PASSWROD: secret },
    { CACHE_PASSWORD: secret },
  ]) {
    const failure = ((): unknown => {
      try {
        return cacheFromEnv(env)
      } catch (error) {
        return error
      }
    })()
    expect(failure).toBeInstanceOf(OptionError)
    expect(inspect(failure, { showHidden: true, depth: 10 })).not.toContain(secret)
  }
})
