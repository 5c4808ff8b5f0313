import { OptionError } from '../errors.ts'
import { payloadOf } from '../payload.ts'
import { show } from '../show.ts'
import type { Store, StoreSetOptions } from '../store.ts'
import { createCaller, type Call, type CallerOptions } from './caller.ts'
import { openBeside, openClient, type RedisClient } from './client.ts'
import { warnOfEviction } from './eviction-warning.ts'
import { manyVerbs } from './many.ts'
import { createMessages } from './messages.ts'
import { nearSource } from './near-source.ts'
import { defaultCommandTimeoutMs, parseRedisOptions, type RedisStoreOptions } from './options.ts'
import { pingServer } from './ping.ts'
import { createReplicated } from './replicated.ts'
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
    return createRedisStore({
      clients: [clientOrOptions],
      commandTimeoutMs: defaultCommandTimeoutMs,
      owned: false,
      openAnother: () => openBeside(clientOrOptions),
    })
  }
  const config = parseRedisOptions(clientOrOptions)
  const openAnother = (): RedisClient => openClient(config)
  const others = Array.from({ length: config.connections - 1 }, openAnother)
  const { commandTimeoutMs } = config
  return createRedisStore({
    clients: [openAnother(), ...others],
    commandTimeoutMs,
    owned: true,
    openAnother,
  })
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

interface RedisParts extends Omit<CallerOptions, 'onFirstAnswer'> {
  /** A client of the same servers, with no prefix before keys, that the store must end. */
  openAnother(): RedisClient
}

function createRedisStore({ openAnother, ...parts }: RedisParts): Store {
  const { clients, commandTimeoutMs } = parts
  const [client] = clients
  const caller = createCaller({ ...parts, onFirstAnswer: warnOfEviction })
  const batches = createScriptBatches(caller.call)
  const afterBatches =
    (send: Call): Call =>
    (...args) => {
      batches.flush()
      return send(...args)
    }
  const [call, callFirst] = [afterBatches(caller.call), afterBatches(caller.callFirst)]
  const messages = createMessages({ client, call: callFirst, readyWithinMs: commandTimeoutMs })
  const keyPrefix = client.options.keyPrefix ?? ''
  const replicated = createReplicated({ open: openAnother, keyPrefix, commandTimeoutMs })
  const close = async (): Promise<void> => {
    batches.flush()
    messages.close()
    await Promise.all([caller.close(), replicated.close()])
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
    scan: (match) => scanKeys(keyPrefix, match, call),
    run(operation, args, { deadlineMs, replicas } = {}) {
      if (replicas !== undefined) {
        batches.flush()
        return replicated.run(operation, args, { deadlineMs, replicas })
      }
      if (!client.isCluster) return batches.run(operation, args, deadlineMs)
      const send = (sender: RedisClient) => runOperation(sender, operation, args)
      return call(operation.name, send, deadlineMs, operation.keys(args)[0])
    },
    subscribe: messages.subscribe,
    usage: () => undefined,
    ping: () => call('ping', pingServer),
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
