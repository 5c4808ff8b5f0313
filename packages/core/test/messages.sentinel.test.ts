import { redisStore } from '@sluice/core/redis'
import { startSentinel, waitUntil } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { it } from 'vitest'
import { gap, heardAgain, listening } from './told.ts'

it.each(['dies', 'falls silent'])(
  'when the primary %s its successor is listened to',
  async (how) => {
    await using set = await startSentinel()
    await using store = redisStore({ name: set.name, sentinels: set.sentinels })
    const successor = new Redis(set.replica.port)
    successor.on('error', () => undefined)
    try {
      const ear = await listening(store, 'c')
      await heardAgain(store, 'c', ear)
      const startedAtMs = performance.now()
      if (how === 'dies') await set.primary.kill()
      else set.primary.pause()
      const isPrimary = async (): Promise<boolean> =>
        (await successor.info('replication')).includes('role:master')
      await waitUntil(isPrimary, { what: 'the successor' })
      await heardAgain(store, 'c', ear)
      console.info(`heard again after ${Math.round(performance.now() - startedAtMs)} ms`)
      const follows = async (): Promise<boolean> =>
        (await successor.pubsub('CHANNELS')).includes('c')
      await waitUntil(follows, { what: 'the link to follow' })
      await waitUntil(() => ear.heard.includes(gap), { what: 'the gap' })
    } finally {
      set.primary.resume()
      successor.disconnect()
    }
  },
  60_000,
)
