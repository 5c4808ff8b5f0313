import type { ConnectionOptions } from 'node:tls'
import type { RedisAddress } from './address.ts'

/** Where to connect. */
export type RedisTarget =
  | { readonly kind: 'server'; readonly host: string; readonly port: number }
  | {
      readonly kind: 'sentinel'
      readonly sentinels: readonly RedisAddress[]
      readonly name: string
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisAddress[] }

/** Who connects: passed on to the client as it is. */
export interface RedisCredentials {
  readonly username?: string
  readonly password?: string
  readonly db?: number
  readonly tls?: ConnectionOptions
}
