import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { redisStore } from '@sluice/core/redis'
import { startRedis, type RedisServer } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterEach, expect, it } from 'vitest'

const errorsPage = new URL('../../../docs/errors.md', import.meta.url)
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function start(...args: string[]): Promise<RedisServer> {
  const server = await startRedis({ args })
  cleanups.push(() => server.stop())
  return server
}

/** The warnings of ours that come until the work is done, and a moment later. */
async function warningsDuring(work: () => Promise<void>): Promise<readonly Error[]> {
  const warnings: Error[] = []
  const listen = (warning: Error & { code?: string }): void => {
    if (warning.code === 'SLUICE_WARN_EVICTION') warnings.push(warning)
  }
  process.on('warning', listen)
  try {
    await work()
    await sleep(100)
    return warnings
  } finally {
    process.off('warning', listen)
  }
}

it.each(['allkeys-lru', 'volatile-ttl'])(
  '%s, which evicts locks and sessions too, is warned of once a store',
  async (policy) => {
    const server = await start('--maxmemory-policy', policy)
    const client = new Redis(server.url)
    await once(client, 'ready')
    const warnings = await warningsDuring(async () => {
      for (const store of [redisStore({ url: server.url, connections: 3 }), redisStore(client)]) {
        for (let at = 0; at < 20; at++) await store.get('key')
        await store.close()
      }
    })
    client.disconnect()
    expect(warnings).toHaveLength(2)
    const [told, page] = warnings[0]?.message.split(' See ') ?? []
    expect(page).toMatch(/#sluice_warn_eviction$/)
    const shown = told?.replace(policy, 'allkeys-lru')
    expect(readFileSync(errorsPage, 'utf8')).toContain(`\n${shown}\n`)
  },
)

it('a policy that evicts nothing is not warned of', async () => {
  const server = await start('--maxmemory-policy', 'noeviction')
  const warnings = await warningsDuring(async () => {
    const store = redisStore({ url: server.url })
    await store.get('key')
    await store.close()
  })
  expect(warnings).toEqual([])
})

it('asking costs one INFO a store, whatever number of calls follows', async () => {
  const server = await start()
  const admin = new Redis(server.url)
  const infos = async (): Promise<number> =>
    Number(/cmdstat_info:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0)
  const store = redisStore({ url: server.url })
  await store.get('key')
  await sleep(50)
  const before = await infos()
  for (let at = 0; at < 100; at++) await store.get('key')
  // The one more is the test's own question.
  expect(await infos()).toBe(before + 1)
  await store.close()
  admin.disconnect()
})

it('a server that lets nobody ask is used all the same, without a warning', async () => {
  const server = await start('--maxmemory-policy', 'allkeys-lru')
  const admin = new Redis(server.url)
  await admin.call('ACL', 'SETUSER', 'app', 'on', '>pw', '~*', '+@all', '-info', '-config')
  admin.disconnect()
  const warnings = await warningsDuring(async () => {
    const store = redisStore({ url: server.url.replace('//', '//app:pw@') })
    await store.set('key', '1')
    expect(await store.get('key')).toBe('1')
    await store.close()
  })
  expect(warnings).toEqual([])
})
