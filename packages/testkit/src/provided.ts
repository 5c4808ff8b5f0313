import { inject } from 'vitest'
import type { SentinelAddress } from './redis-sentinel.ts'

/** How tests find the sentinel set of the run; ready for ioredis: `new Redis(sentinelOptions())`. */
export interface SentinelOptions {
  readonly name: string
  readonly sentinels: SentinelAddress[]
}

declare module 'vitest' {
  interface ProvidedContext {
    redisUrls: string[]
    clusterPorts: number[]
    sentinelOptions: SentinelOptions
  }
}

/**
 * The URL of a Redis that the files of the projects `redis`, `faults` and `e2e` share, though never two at a time: use a
 * `uniquePrefix()`, and do not flush, pause or kill it. A test that must, starts its own with `startRedis()`.
 */
export function redisUrl(): string {
  const urls = inject('redisUrls')
  const url = urls[Number(process.env['VITEST_POOL_ID']) - 1]
  if (url === undefined) throw new Error(`expected at most ${urls.length} files at a time`)
  return url
}

/** The three masters of the Cluster that all tests of the project `cluster` share. */
export function clusterNodes(): { host: string; port: number }[] {
  return inject('clusterPorts').map((port) => ({ host: '127.0.0.1', port }))
}

/** The sentinel set that all tests of the project `sentinel` share. */
export function sentinelOptions(): SentinelOptions {
  return inject('sentinelOptions')
}
