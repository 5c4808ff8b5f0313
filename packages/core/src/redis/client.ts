import { Cluster, Redis } from 'ioredis'
import type { RedisConfig } from './options.ts'

/** What the store needs of an ioredis 5.4+ or 6 client: `Redis` and `Cluster` both have it. */
export interface RedisClient {
  readonly status: string
  readonly isCluster?: boolean
  readonly options: { readonly keyPrefix?: string | undefined }
  connect(): Promise<unknown>
  disconnect(): void
  quit(): Promise<unknown>
  ping(): Promise<unknown>
  get(key: string): Promise<string | null>
  call(command: string, ...args: (string | number)[]): Promise<unknown>
  mget(...keys: string[]): Promise<(string | null)[]>
  unlink(...keys: string[]): Promise<number>
  scan(
    cursor: string,
    match: 'MATCH',
    pattern: string,
    count: 'COUNT',
    n: number,
  ): Promise<[string, string[]]>
  eval(script: string, keys: number, ...args: (string | number)[]): Promise<unknown>
  evalsha(sha: string, keys: number, ...args: (string | number)[]): Promise<unknown>
  nodes?(role: 'master'): RedisClient[]
  on(event: string, listener: (error: unknown) => void): unknown
  off(event: string, listener: (error: unknown) => void): unknown
}

/**
 * Opens a client that never works behind the caller's back: it queues nothing while offline, resends nothing after a
 * reconnect (a write whose reply was lost would be applied twice), and reconnects for ever. Connects on first use.
 */
export function openClient(config: RedisConfig): RedisClient {
  const connection = {
    ...config.credentials,
    connectTimeout: config.connectTimeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: reconnectDelayMs,
    // A demoted primary keeps its connections: leave it, the next connection finds the new one.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    lazyConnect: true,
  }
  const { target } = config
  switch (target.kind) {
    case 'server':
      return new Redis({ ...connection, host: target.host, port: target.port })
    case 'sentinel':
      return new Redis({
        ...connection,
        sentinels: [...target.sentinels],
        name: target.name,
        sentinelRetryStrategy: reconnectDelayMs,
      })
    case 'cluster':
      return new Cluster([...target.nodes], {
        redisOptions: connection,
        // Connections to the nodes open on first use and queue what comes meanwhile, for connectTimeout at the most.
        enableOfflineQueue: true,
        // Any other value sends commands again whose connection broke.
        retryDelayOnFailover: 0,
        clusterRetryStrategy: reconnectDelayMs,
        lazyConnect: true,
      })
  }
}

/** 50 ms, doubled up to 2 s, with up to 50 ms on top so that a fleet does not return in step. */
function reconnectDelayMs(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt - 1, 6), 2000) + Math.floor(Math.random() * 50)
}
