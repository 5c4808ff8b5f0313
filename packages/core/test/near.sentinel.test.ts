import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '@sluice/core'
import { nearStore } from '@sluice/core/near'
import { redisStore } from '@sluice/core/redis'
import { storeContract } from '@sluice/core/testing'
import { sentinelOptions, startSentinel, uniquePrefix, waitUntil } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { cacheSuite } from './cache-suite.ts'
import { kept, listening, listeningStore } from './near-subject.ts'
import { realSubject } from './real-subject.ts'

describe('nearStore over sentinels', () => {
  describe('keeps the contract of a store', () => {
    const cases = storeContract(async () => {
      const near = nearStore(redisStore(sentinelOptions()))
      const subject = realSubject(near)
      await listening(near, subject.key('').slice(0, -1))
      return subject
    })
    for (const { name, run } of cases) it(name, run)
  })

  describe('is a cache', () => {
    const store = redisStore(sentinelOptions())
    const opened: Store[] = []
    afterAll(async () => {
      for (const near of opened) await near.close()
    })
    cacheSuite(() => {
      const prefix = uniquePrefix('near')
      const near = listeningStore(store, prefix)
      opened.push(near)
      return { store: near, prefix, pass: (ms) => sleep(ms) }
    })
  })
})

it.each(['dies', 'falls silent'])(
  'when the primary %s nothing is served from memory until its successor is listened to',
  async (how) => {
    await using set = await startSentinel()
    const near = nearStore(redisStore({ name: set.name, sentinels: set.sentinels }), {
      maxStale: 500,
    })
    const prefix = uniquePrefix('near')
    const key = `${prefix}:a`
    const successor = new Redis(set.replica.port)
    try {
      await listening(near, prefix)
      await near.set(key, 'old')
      await kept(near, [key])
      await waitUntil(async () => (await successor.get(key)) === 'old', { what: 'replication' })
      const startedAtMs = performance.now()
      if (how === 'dies') await set.primary.kill()
      else set.primary.pause()
      await waitUntil(async () => (await successor.set(key, 'new').catch(() => '')) === 'OK', {
        what: 'the successor',
      })
      const writtenAtMs = performance.now()
      let lastOldAtMs = writtenAtMs
      const reads = async (): Promise<boolean> => {
        const text = await near.get(key).catch(() => undefined)
        if (text === 'old') lastOldAtMs = performance.now()
        return near.nearStats().serving && text === 'new'
      }
      await waitUntil(reads, { what: 'the near store to serve again', timeoutMs: 30_000 })
      expect(lastOldAtMs - writtenAtMs).toBeLessThan(500)
      console.info(
        `primary ${how}: serving again after ${Math.round(performance.now() - startedAtMs)} ms`,
      )
      await successor.set(key, 'newest')
      await waitUntil(async () => (await near.get(key)) === 'newest', { what: 'the write' })
    } finally {
      set.primary.resume()
      successor.disconnect()
      await near.close()
    }
  },
  60_000,
)
