import {
  createCache,
  type CacheOptions,
  type CounterOptions,
  type NamespaceOptions,
  type ScanOptions,
  type SetOptions,
  type SwapOptions,
} from '@sluice/core'
import { compressed, json, type CompressedOptions } from '@sluice/core/codecs'
import { memoryStore, type MemoryStoreOptions } from '@sluice/core/memory'
import { nearStore, type NearStoreOptions } from '@sluice/core/near'
import { redisStore, type RedisStoreOptions } from '@sluice/core/redis'
import { flakyStore, manualFaults, type FailOptions } from '@sluice/core/testing'
import { describe, expect, it } from 'vitest'

/** All options of a kind, so that a new one cannot be left out. */
type Unset<Options, Given extends keyof Options = never> = Record<
  Exclude<keyof Options, Given>,
  undefined
>

describe('an option that is given as undefined is as if it was not given', () => {
  it('to a cache in memory, and to its verbs', async () => {
    const memory: Unset<MemoryStoreOptions> = {
      maxEntries: undefined,
      maxBytes: undefined,
      maxState: undefined,
      clock: undefined,
    }
    const settings: Unset<CacheOptions, 'store'> = {
      prefix: undefined,
      ttl: undefined,
      codec: undefined,
      values: undefined,
      stats: undefined,
    }
    const cache = createCache({ store: memoryStore(memory), ...settings })
    const set: Unset<SetOptions> = {
      ttl: undefined,
      ifAbsent: undefined,
      ifPresent: undefined,
      keepTtl: undefined,
    }
    const swap: Unset<SwapOptions & CounterOptions & NamespaceOptions> = { ttl: undefined }
    const scan: Unset<ScanOptions> = { signal: undefined, onProgress: undefined }
    expect(await cache.set('key', 1, set)).toBe(true)
    expect(await cache.increment('count', 1, swap)).toBe(1)
    expect(await cache.compareAndSwap('key', 1, 2, swap)).toBe(true)
    expect(await cache.namespace('own', swap).get('key')).toBeUndefined()
    expect(await cache.countMatching('*', scan)).toBe(2)
    expect(await createCache({ store: undefined }).get('key')).toBeUndefined()
  })

  it('to a codec', () => {
    const unset: Unset<CompressedOptions> = { above: undefined, maxOutputLength: undefined }
    const codec = compressed(json, unset)
    expect(codec.decode(codec.encode('text'.repeat(1000)))).toBe('text'.repeat(1000))
  })

  it('to a store on Redis, and to one near it', async () => {
    const redis: Unset<RedisStoreOptions, 'host'> = {
      url: undefined,
      port: undefined,
      cluster: undefined,
      sentinels: undefined,
      name: undefined,
      username: undefined,
      password: undefined,
      database: undefined,
      tls: undefined,
      connections: undefined,
      connectTimeout: undefined,
      commandTimeout: undefined,
    }
    const near: Unset<NearStoreOptions> = {
      maxEntries: undefined,
      maxBytes: undefined,
      ttl: undefined,
      maxStale: undefined,
      source: undefined,
    }
    await using store = nearStore(redisStore({ host: '127.0.0.1', ...redis }), near)
    expect(store.kind).toBe('near')
  })

  it('to a fault', async () => {
    const unset: Unset<FailOptions> = { on: undefined, times: undefined, reason: undefined }
    const faults = manualFaults()
    const store = flakyStore(memoryStore(), faults)
    faults.fail(unset)
    await expect(store.get('key')).rejects.toMatchObject({ reason: 'disconnected' })
    expect(await store.get('key')).toBeUndefined()
  })
})
