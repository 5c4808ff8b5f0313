import { Cluster, Redis } from 'ioredis'
import { OptionError } from '../errors.ts'
import type { LinkClient, LinkStream } from './link-client.ts'
import { defaultSilenceMs, type RedisConfig } from './options.ts'
import { isReadOnly } from './redis-errors.ts'

/** What the store needs of an ioredis 5.4+ or 6 client: `Redis` and `Cluster` both have it. */
export interface RedisClient {
  /** How the connection stands: `'ready'` when commands can be sent. */
  readonly status: string
  /** True of a `Cluster`. */
  readonly isCluster?: boolean
  /** Of a client of one server. */
  readonly stream?: LinkStream | undefined
  /** The client's own settings. One with a `keyPrefix` finds its keys under it. */
  readonly options: {
    /** What the client puts before every key. */
    readonly keyPrefix?: string | undefined
  }
  /** Opens the connection of a client that was made with `lazyConnect`. */
  connect(): Promise<unknown>
  /** Cuts the connection. What waits for a reply is rejected. */
  disconnect(): void
  /** Ends the connection when the replies that are awaited have come. */
  quit(): Promise<unknown>
  /** PING. */
  ping(): Promise<unknown>
  /** GET, with the value as bytes. */
  getBuffer(key: string): Promise<Buffer | null>
  /** In small letters: ioredis 5 finds the keys of no other, for the slot and the `keyPrefix`. */
  call(command: string, ...args: (string | number | Buffer)[]): Promise<unknown>
  /** `call`, with text in the reply as bytes. */
  callBuffer(command: string, ...args: (string | number | Buffer)[]): Promise<unknown>
  /** MGET, with values as bytes. On a Cluster of keys of one slot. */
  mgetBuffer(...keys: string[]): Promise<(Buffer | null)[]>
  /** UNLINK. On a Cluster of keys of one slot. */
  unlink(...keys: string[]): Promise<number>
  /** One page of SCAN. Of one server: a Cluster is walked node by node. */
  scan(
    cursor: string,
    match: 'MATCH',
    pattern: string,
    count: 'COUNT',
    n: number,
  ): Promise<[string, string[]]>
  /** Of a Cluster: a client of each master. */
  nodes?(role: 'master'): NodeClient[]
  /** Of a Cluster: the nodes of each slot as `host:port`, the master first. */
  readonly slots?: readonly (readonly string[] | undefined)[]
  /** Of a Cluster: asks anew which node has which slots. */
  refreshSlotsCache?(callback: (error?: unknown) => void): void
  /** Listens to the client's events: `'ready'`, `'close'`, `'error'`. */
  on(event: string, listener: (error: unknown) => void): unknown
  /** Takes a listener off again. */
  off(event: string, listener: (error: unknown) => void): unknown
}

/** A client of one server. */
export interface NodeClient extends RedisClient {
  readonly options: RedisClient['options'] & {
    readonly host?: string | undefined
    readonly port?: number | undefined
  }
  duplicate(override: object): LinkClient
}

/** An ioredis client as one that makes others of its kind. */
interface Original extends RedisClient {
  /** A Cluster is given nodes, none for those that it knows, before the options. */
  duplicate(...overrides: object[]): RedisClient
}

/**
 * Opens a client that never works behind the caller's back: it queues nothing while offline, resends nothing after a
 * reconnect (a write whose reply was lost would be applied twice), and reconnects for ever. Connects on first use.
 */
export function openClient(config: RedisConfig): RedisClient {
  const connection = {
    ...cautious,
    ...config.credentials,
    connectTimeout: config.connectTimeoutMs,
    // TCP would keep a connection to a host that is gone for a quarter of an hour.
    socketTimeout: config.silenceMs,
  }
  const { target } = config
  const { tls } = config.credentials
  switch (target.kind) {
    case 'server':
      return new Redis({ ...connection, host: target.host, port: target.port })
    case 'sentinel':
      return new Redis({
        ...connection,
        sentinels: [...target.sentinels],
        name: target.name,
        sentinelRetryStrategy: reconnectDelayMs,
        // A sentinel that takes the connection and says nothing is passed over.
        sentinelCommandTimeout: config.connectTimeoutMs,
        // Without it ioredis speaks plainly to the primary, whatever `tls` says.
        ...(tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: tls }),
      })
    case 'cluster':
      return new Cluster([...target.nodes], {
        ...cautiousCluster,
        redisOptions: connection,
        // A certificate is for a name: resolved here, it would be compared with an address.
        ...(tls === undefined ? {} : { dnsLookup: asItIs }),
      })
  }
}

/**
 * Opens another client of the servers that the application's client works with, as careful as those of `openClient`. It
 * puts no prefix before keys.
 */
export function openBeside(client: RedisClient): RedisClient {
  if (!isOriginal(client))
    throw new OptionError('Expected a client of ioredis: only it can be duplicated.')
  const plain = { keyPrefix: '', enableAutoPipelining: false }
  const connection = {
    ...cautious,
    ...plain,
    commandTimeout: undefined,
    socketTimeout: defaultSilenceMs,
  }
  return client.isCluster
    ? client.duplicate([], { ...cautiousCluster, ...plain, redisOptions: connection })
    : client.duplicate(connection)
}

function isOriginal(client: RedisClient): client is Original {
  return 'duplicate' in client
}

/** What keeps a connection from working behind the caller's back. */
const cautious = {
  // How long a connection that is ended may take; longer would hold up the end of the process.
  disconnectTimeout: 200,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: reconnectDelayMs,
  // A demoted primary keeps its connections: leave it, the next connection finds the new one.
  reconnectOnError: isReadOnly,
  maxLoadingRetryTime: 1000,
  lazyConnect: true,
}

/** The same of a Cluster. */
const cautiousCluster = {
  // Connections to the nodes open on first use and queue what comes meanwhile, for connectTimeout at the most.
  enableOfflineQueue: true,
  // Any other value sends commands again whose connection broke.
  retryDelayOnFailover: 0,
  // A Cluster that is down says so at once. MOVED, ASK and TRYAGAIN are followed: they come before anything is done.
  retryDelayOnClusterDown: 0,
  maxRedirections: 5,
  clusterRetryStrategy: reconnectDelayMs,
  lazyConnect: true,
}

function asItIs(host: string, found: (error: null, address: string) => void): void {
  found(null, host)
}

/** 50 ms, doubled up to 2 s, with up to 50 ms on top so that a fleet does not return in step. */
function reconnectDelayMs(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt - 1, 6), 2000) + Math.floor(Math.random() * 50)
}
