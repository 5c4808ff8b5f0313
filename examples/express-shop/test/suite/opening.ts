import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { createClient } from '../client.ts'
import { failToOpen, openShop } from '../shop-process.ts'

const wrong: readonly [NodeJS.ProcessEnv, RegExp][] = [
  [{ REDIS_URL: 'nonsense' }, /cannot open: Expected "url" to look like redis:\/\/host:6379/],
  [{ REDIS_URL: 'http://localhost' }, /Expected "url" to look like redis/],
  [{ SESSION_SECRET: 'short' }, /Expected "secret" to be text of at least 32 bytes/],
  [{ PORT: 'eighty' }, /Expected PORT to be a number from 0 to 65535; got "eighty"/],
  [{ NODE_ENV: 'production' }, /Set SESSION_SECRET in production/],
]

/** How a shop opens and ends. */
export function openingSuite(main: string): void {
  describe('a shop that cannot open', () => {
    it.each(wrong)('says why, and ends with 1: %j', async (env, message) => {
      const { code, output } = await failToOpen(env, main)
      expect(output).toMatch(message)
      expect(output).not.toMatch(/\n\s+at /)
      expect(code).toBe(1)
    })

    it('because its port is taken ends too, with a Redis at hand', async () => {
      await using redis = await startRedis()
      await using open = await openShop({}, main)
      const { port } = new URL(open.url)
      const { code, output } = await failToOpen({ PORT: port, REDIS_URL: redis.url }, main)
      expect(output).toMatch(/cannot open: listen EADDRINUSE/)
      expect(code).toBe(1)
    })
  })

  describe('an open shop', () => {
    it('ends cleanly on SIGINT and SIGTERM, told once or twice', async () => {
      await using first = await openShop({}, main)
      await using second = await openShop({}, main)
      for (const { url } of [first, second])
        await createClient(url).post('/api/orders', { id: 'last' })
      process.kill(first.pid, 'SIGINT')
      await sleep(50)
      expect(await Promise.all([first.stop('SIGINT'), second.stop('SIGTERM')])).toEqual([0, 0])
    })

    it('ends cleanly on Redis too, and leaves no lock behind', async () => {
      await using redis = await startRedis()
      await using shop = await openShop({ REDIS_URL: redis.url }, main)
      await createClient(shop.url).post('/api/orders', { id: 'last' })
      expect(await shop.stop()).toBe(0)
      await using next = await openShop({ REDIS_URL: redis.url }, main)
      const { body } = await createClient(next.url).get('/api/orders/last')
      expect(body).toMatchObject({ lock: { held: false } })
    })
  })
}
