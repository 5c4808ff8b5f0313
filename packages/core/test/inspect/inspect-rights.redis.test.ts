import { startRedis, type RedisServer } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fillShop, type Shop } from './fill-shop.ts'
import { inspectJson, ofPrefix, runSluice } from './run-sluice.ts'

let redis: RedisServer
let client: Redis
let shop: Shop
beforeAll(async () => {
  redis = await startRedis()
  client = new Redis(redis.url)
  shop = await fillShop('shop', { url: redis.url })
})
afterAll(async () => {
  await shop.close()
  client.disconnect()
  await redis.stop()
})

describe('an inspection', () => {
  it('changes nothing, and gives no other commands than the guide says', async () => {
    await using copy = await startRedis()
    const quiet = new Redis(copy.url)
    await copyAll(client, quiet)
    const before = await contentOf(quiet)
    expect(Object.keys(before).length).toBeGreaterThan(90)
    await quiet.config('RESETSTAT')
    expect(await runSluice(['inspect', copy.url])).toMatchObject({ code: 0, stderr: '' })
    const stats = await quiet.info('commandstats')
    const used = [...stats.matchAll(/^cmdstat_([a-z|_]+):/gm)].map(([, name = '']) => name)
    expect(used.filter((name) => !allowed.includes(name) && name !== 'config|resetstat')).toEqual(
      [],
    )
    expect(await contentOf(quiet)).toEqual(before)
    quiet.disconnect()
  })

  it('does with the rights that the guide names', async () => {
    await client.call('ACL', ...aclLine('inspector', 'secret', 'shop'))
    const url = redis.url.replace('://', '://inspector:secret@')
    const report = await inspectJson(url, '--prefix', 'shop')
    expect(report.missed.denied).toEqual([])
    const own = ofPrefix(report, 'shop')
    expect(own.keys).toBe((await client.keys('shop[:#]*')).length)
    expect(own.totalBytes).toBeGreaterThan(0)
    expect(report.servers[0]?.policy).toBe('noeviction')
    const { code, stdout } = await runSluice(['inspect', url])
    expect(code).toBe(0)
    expect(stdout).not.toContain('secret')
  })

  it('names rights that are missing, and shows what it may', async () => {
    await client.call('ACL', ...aclLine('half', 'secret', 'shop'), '-memory')
    const url = redis.url.replace('://', '://half:secret@')
    const report = await inspectJson(url, '--prefix', 'shop')
    expect(report.missed.denied).toEqual(['memory'])
    expect(ofPrefix(report, 'shop').sessions.live).toBe(7)
    expect((await runSluice(['inspect', url])).stdout).toContain('The user may not MEMORY')
  })
})

describe('memory of the server', () => {
  it('is shown, with a warning where keys would make room for others, or writes fail', async () => {
    await using small = await startRedis({
      args: ['--maxmemory', '100mb', '--maxmemory-policy', 'volatile-lru'],
    })
    const evicting = await inspectJson(small.url)
    expect(evicting.servers).toMatchObject([
      { role: 'master', policy: 'volatile-lru', maxBytes: 100 * 2 ** 20, evictedKeys: 0, keys: 0 },
    ])
    expect(evicting.servers[0]?.usedBytes).toBeGreaterThan(100_000)
    expect(evicting.warnings).toEqual([expect.stringMatching(/volatile-lru evicts .* noeviction/)])
    const admin = new Redis(small.url)
    await admin.config('SET', 'maxmemory-policy', 'noeviction')
    expect((await inspectJson(small.url)).warnings).toEqual([])
    await admin.config('SET', 'maxmemory', evicting.servers[0]?.usedBytes ?? 0)
    expect((await inspectJson(small.url)).warnings).toEqual([
      expect.stringMatching(/% of maxmemory/),
    ])
    admin.disconnect()
    const { stdout } = await runSluice(['inspect', redis.url])
    expect(stdout).toMatch(/used, no maxmemory, noeviction, 0 evicted/)
  })
})

/** The commands that the guide names. */
const allowed = [
  ...['scan', 'type', 'pttl', 'memory|usage', 'get', 'getrange', 'hmget', 'hgetall', 'hlen'],
  ...['hexists', 'zcount', 'info', 'time', 'dbsize', 'client|setinfo', 'hello', 'select'],
]

/** The line of the guide. */
function aclLine(user: string, password: string, prefix: string): readonly [string, ...string[]] {
  const rights = `on >${password} ~${prefix}:* ~${prefix}#* +@read +info +time`
  return ['SETUSER', user, ...rights.split(' ')]
}

/** Copies keys that others go on writing to where nobody does. */
async function copyAll(from: Redis, to: Redis): Promise<void> {
  for (const key of await from.keys('*')) {
    const [dump, ttl] = [await from.dumpBuffer(key), await from.pttl(key)]
    if (dump !== null) await to.restore(key, Math.max(0, ttl), dump)
  }
}

/** Not by DUMP: a hash that Redis moves to a larger table meanwhile, as it does when it is read, changes its order. */
async function contentOf(of: Redis): Promise<Record<string, unknown>> {
  const content: Record<string, unknown> = {}
  for (const key of (await of.keys('*')).toSorted()) {
    const type = await of.type(key)
    const read = { string: 'get', hash: 'hgetall', zset: 'zrange' }[type] ?? type
    const range = type === 'zset' ? [0, -1, 'WITHSCORES'] : []
    content[key] = [await of.call(read, key, ...range), await of.expiretime(key)]
  }
  return content
}
