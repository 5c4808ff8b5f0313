import { inspect } from 'node:util'
import { OptionError } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { describe, expect, it } from 'vitest'
import { parseRedisOptions } from '../src/redis/options.ts'

describe('a url', () => {
  it.each([
    ['redis://localhost', { host: 'localhost', port: 6379 }, {}],
    ['redis://localhost:7000/2', { host: 'localhost', port: 7000 }, { db: 2 }],
    [
      'redis://ada:p%40ss@db.internal/',
      { host: 'db.internal', port: 6379 },
      { username: 'ada', password: 'p@ss' },
    ],
    ['redis://:secret@[::1]:7000', { host: '::1', port: 7000 }, { password: 'secret' }],
    ['rediss://localhost:6380/0', { host: 'localhost', port: 6380 }, { db: 0, tls: {} }],
  ])('%s', (url, target, credentials) => {
    expect(parseRedisOptions({ url })).toMatchObject({
      target: { kind: 'server', ...target },
      credentials,
    })
  })

  it.each([
    'nonsense',
    'http://localhost',
    'redis://',
    'redis://localhost/name',
    'redis://h:70000',
    '',
    7,
  ])('%j is refused with what is expected', (url) => {
    expect(() => redisStore({ url: url as string })).toThrow(OptionError)
    expect(() => redisStore({ url: url as string })).toThrow(
      /Expected "url" to look like redis:\/\/host:6379/,
    )
  })

  it('that is undefined is refused, or a forgotten variable would mean localhost', () => {
    expect(() => redisStore({ url: undefined })).toThrow(/"url" that is undefined.*memoryStore/)
  })

  it('never shows its password in an error, wherever the typing error is', () => {
    for (const url of [
      'redis://ada:hunter2@',
      'redis:/ada:hunter2@host',
      'redis//:hunter2',
      'redis://h/hunter2',
    ]) {
      const failure = (() => {
        try {
          return redisStore({ url })
        } catch (error) {
          return error
        }
      })()
      expect(failure).toBeInstanceOf(OptionError)
      expect(inspect(failure)).not.toContain('hunter2')
    }
  })
})

it('no option that holds a password by mistake is shown', () => {
  const url = 'redis://ada:hunter2@host'
  for (const given of [
    url,
    { host: url },
    { cluster: url },
    { cluster: [url] },
    { cluster: [{ host: url, port: 1 }] },
    { sentinels: url, name: 'x' },
    { uri: url },
    { tls: url },
    { url: `${url}/?password=hunter2` },
    { url: 'redis://ada:hunter2%zz@host' },
    { url, password: 'other' },
  ]) {
    const failure = ((): unknown => {
      try {
        return redisStore(given as object)
      } catch (error) {
        return error
      }
    })()
    expect(failure).toBeInstanceOf(OptionError)
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain('hunter2')
  }
})

it.each([
  [{ url: 'redis://a', port: 7000 }, /given "port" beside "url"/],
  [{ cluster: [{ host: 'a', port: 1 }], port: 7000 }, /given "port" beside "cluster"/],
  [{ url: 'redis://a', name: 'x' }, /given "name" without "sentinels"/],
  [{ url: 'redis://:p@a', password: 'q' }, /given "password" twice/],
  [{ url: 'redis://a/1', database: 1 }, /given "database" twice/],
  [{ url: 'rediss://a', tls: false }, /"tls: false" beside a rediss:\/\/ url/],
  [{ url: 'redis://a?db=1' }, /with a "\?" or "#" part/],
  [{ url: 'redis://:50%@a' }, /write "%25" for it/],
  [{ url: 'redis://a:0' }, /Expected "url"/],
  [{ host: 'a:6379' }, /Expected "host" to be a host name or address/],
  [{ cluster: [null] }, /Expected "cluster\[0\].host"/],
  [{ url: 'redis://a', host: 'b' }, /given url and host. Say where Redis is in one way/],
  [{ hots: 'b' }, /no option "hots". Did you mean "host"/],
  [{ port: 0 }, /Expected "port" to be a port from 1 to 65535; got 0/],
  [{ host: '' }, /Expected "host"/],
  [{ cluster: [] }, /Expected "cluster" to be a list such as/],
  [{ cluster: [{ host: 'a' }] }, /Expected "cluster\[0\].port"/],
  [{ sentinels: [{ host: 'a', port: 1 }] }, /Expected "name" to be the name of the primary/],
  [{ database: -1 }, /Expected "database"/],
  [{ commandTimeout: '1 parsec' }, /Expected "commandTimeout" to be a duration/],
  [{ password: 5 }, /Expected "password" to be text; got a number/],
  [null, /Expected redisStore\(\) to be given options or an ioredis client; got null/],
])('redisStore refuses %j', (options, message) => {
  expect(() => redisStore(options as object)).toThrow(message)
})

it('a store shows no password when it is printed', () => {
  const store = redisStore({ url: 'redis://:hunter2@localhost:1' })
  expect(inspect(store, { depth: 10, showHidden: true })).not.toContain('hunter2')
})
