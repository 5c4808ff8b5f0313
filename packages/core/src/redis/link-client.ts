/** The socket of a connection. */
export interface LinkStream {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
  unref(): unknown
  cork(): void
  uncork(): void
}

/** What a link needs of an ioredis 5.4+ or 6 client that it has for itself. */
export interface LinkClient {
  readonly status: string
  readonly stream?: LinkStream | undefined
  connect(): Promise<unknown>
  disconnect(): void
  ping(): Promise<unknown>
  call(command: string, ...args: (string | number)[]): Promise<unknown>
  subscribe(channel: string): Promise<unknown>
  unsubscribe(...channels: string[]): Promise<unknown>
  on(event: string, listener: (...args: unknown[]) => void): unknown
}

/**
 * What the duplicate of a data client must not take over: it speaks RESP2, since ioredis drops the invalidations of RESP3,
 * it is used once, and it works on the server's names for keys.
 */
export const linkClientOptions: object = {
  protocol: 2,
  lazyConnect: true,
  keyPrefix: '',
  retryStrategy: null,
  sentinelRetryStrategy: null,
  reconnectOnError: null,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  enableAutoPipelining: false,
  enableOfflineQueue: false,
  maxRetriesPerRequest: null,
  commandTimeout: undefined,
  socketTimeout: undefined,
}
