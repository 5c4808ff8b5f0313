import { OptionError } from '../errors.ts'
import { show } from '../show.ts'
import type { Store, StoreSetOptions } from '../store.ts'
import { createCaller } from './caller.ts'
import { openClient, type RedisClient } from './client.ts'
import { manyVerbs } from './many.ts'
import { defaultCommandTimeoutMs, parseRedisOptions, type RedisStoreOptions } from './options.ts'
import { runScript } from './run-script.ts'
import { scanKeys } from './scan-keys.ts'

/**
 * A store on Redis 6.2+ or Valkey: one server, Sentinel or Cluster.
 *
 * Given options it opens its own client, on first use. Given an ioredis client (5.4+ or 6) it uses that one and never
 * closes or changes it; such a client should have `autoResendUnfulfilledCommands: false`, or a write whose reply was
 * lost may be applied twice by ioredis.
 *
 * Every call settles within `commandTimeout`. After three timeouts in a row, calls fail at once for a second, then one
 * probe decides. A client that is not connected fails calls at once, save for its first attempt to connect.
 *
 * @example
 * redisStore({ url: 'redis://localhost:6379' })
 * redisStore({ cluster: [{ host: '10.0.0.1', port: 6379 }] })
 * redisStore(new Redis())
 * @throws OptionError for an option that is unknown, malformed or contradictory
 */
export function redisStore(clientOrOptions: RedisClient | RedisStoreOptions = {}): Store {
  if (isClient(clientOrOptions)) {
    return createRedisStore(clientOrOptions, defaultCommandTimeoutMs, false)
  }
  const config = parseRedisOptions(clientOrOptions)
  return createRedisStore(openClient(config), config.commandTimeoutMs, true)
}

function isClient(given: RedisClient | RedisStoreOptions): given is RedisClient {
  if (typeof given !== 'object' || given === null) {
    throw new OptionError(
      `Expected redisStore() to be given options or an ioredis client; got ${show(given)}.`,
    )
  }
  return 'evalsha' in given
}

function createRedisStore(client: RedisClient, commandTimeoutMs: number, owned: boolean): Store {
  const { call, close } = createCaller(client, commandTimeoutMs, owned)
  return {
    kind: 'redis',
    shared: true,
    get: async (key) => (await call('get', () => client.get(key))) ?? undefined,
    set: async (key, text, options) =>
      (await call('set', () => client.call('SET', key, text, ...setArguments(options)))) === 'OK',
    ...manyVerbs(client, call),
    scan: (match) => scanKeys(client, match, call),
    run: (operation, args, options) =>
      call(operation.name, () => runScript(client, operation, args), options?.deadlineMs),
    usage: () => undefined,
    ping: async () => {
      await call('ping', () => client.ping())
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function setArguments({ ttlMs, when }: StoreSetOptions = {}): (string | number)[] {
  return [
    ...(ttlMs === undefined ? [] : ['PX', ttlMs]),
    ...(when === undefined ? [] : [when === 'absent' ? 'NX' : 'XX']),
  ]
}
