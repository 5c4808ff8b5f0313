import { OptionError } from '../errors.ts'
import { payloadOf } from '../payload.ts'
import { show } from '../show.ts'
import type { Store, StoreSetOptions } from '../store.ts'
import { createCaller, type Call } from './caller.ts'
import { openClient, type RedisClient } from './client.ts'
import { warnOfEviction } from './eviction-warning.ts'
import { manyVerbs } from './many.ts'
import { createMessages } from './messages.ts'
import { nearSource } from './near-source.ts'
import { defaultCommandTimeoutMs, parseRedisOptions, type RedisStoreOptions } from './options.ts'
import { runOperation } from './run-script.ts'
import { scanKeys } from './scan-keys.ts'
import { createScriptBatches } from './script-batches.ts'

/**
 * A store on Redis 6.2+ or Valkey: one server, Sentinel or Cluster.
 *
 * Given options it opens its own clients, on first use. Given an ioredis client (5.4+ or 6) it uses that one and never
 * closes or changes it; such a client should have `autoResendUnfulfilledCommands: false`, and a Cluster
 * `retryDelayOnFailover: 0` too, or a write whose reply was lost may be applied twice by ioredis.
 *
 * Every call settles within `commandTimeout`. After three timeouts in a row, calls fail at once for a second, then one
 * probe decides; in a Cluster that holds for each node. A client that is not connected fails calls at once, save for its
 * first attempt to connect. A connection of its own that stays silent for two seconds is replaced.
 * Subscriptions share one more connection, which is replaced after four.
 *
 * @example
 * redisStore({ url: 'redis://localhost:6379' })
 * redisStore({ cluster: [{ host: '10.0.0.1', port: 6379 }] })
 * redisStore(new Redis())
 * @throws OptionError for an option that is unknown, malformed or contradictory
 */
export function redisStore(clientOrOptions: RedisClient | RedisStoreOptions = {}): Store {
  if (isClient(clientOrOptions)) {
    return createRedisStore([clientOrOptions], defaultCommandTimeoutMs, false)
  }
  const config = parseRedisOptions(clientOrOptions)
  const others = Array.from({ length: config.connections - 1 }, () => openClient(config))
  return createRedisStore([openClient(config), ...others], config.commandTimeoutMs, true)
}

function isClient(given: RedisClient | RedisStoreOptions): given is RedisClient {
  if (typeof given !== 'object' || given === null) {
    // A url may hold a password.
    const got = typeof given === 'string' ? 'text. Write redisStore({ url })' : show(given)
    throw new OptionError(
      `Expected redisStore() to be given options or an ioredis client; got ${got}.`,
    )
  }
  return 'evalsha' in given
}

function createRedisStore(
  clients: readonly [RedisClient, ...RedisClient[]],
  commandTimeoutMs: number,
  owned: boolean,
): Store {
  const [client] = clients
  const caller = createCaller({
    clients,
    commandTimeoutMs,
    owned,
    onFirstAnswer: warnOfEviction,
  })
  const batches = createScriptBatches(caller.call)
  const afterBatches =
    (send: Call): Call =>
    (...args) => {
      batches.flush()
      return send(...args)
    }
  const [call, callFirst] = [afterBatches(caller.call), afterBatches(caller.callFirst)]
  const messages = createMessages({ client, call: callFirst, readyWithinMs: commandTimeoutMs })
  const close = (): Promise<void> => {
    batches.flush()
    messages.close()
    return caller.close()
  }
  return {
    kind: 'redis',
    shared: true,
    async get(key) {
      const bytes = await call('get', (sender) => sender.getBuffer(key), undefined, key)
      return bytes === null ? undefined : payloadOf(bytes)
    },
    async set(key, payload, options) {
      const args = setArguments(options)
      const send = (sender: RedisClient): Promise<unknown> =>
        sender.call('set', key, payload, ...args)
      return (await call('set', send, undefined, key)) === 'OK'
    },
    ...manyVerbs(client, call),
    near: nearSource(client, callFirst),
    scan: (match) => scanKeys(client.options.keyPrefix ?? '', match, call),
    run: (operation, args, options) =>
      client.isCluster
        ? call(
            operation.name,
            (sender) => runOperation(sender, operation, args),
            options?.deadlineMs,
            operation.keys(args)[0],
          )
        : batches.run(operation, args, options?.deadlineMs),
    subscribe: messages.subscribe,
    usage: () => undefined,
    ping: async () => {
      await call('ping', (sender) => sender.ping())
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
