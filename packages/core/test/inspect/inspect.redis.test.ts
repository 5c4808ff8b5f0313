import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { RootCache } from '@sluice/core'
import { createLocks } from '@sluice/distributed-lock'
import { startRedis, type RedisServer } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LimitReport } from '../../src/inspect/area-limits.ts'
import type { PrefixReport } from '../../src/inspect/prefix-survey.ts'
import { fillShop, type Shop } from './fill-shop.ts'
import { inspectJson, ofPrefix, runSluice } from './run-sluice.ts'

const month = 30 * 24 * 60 * 60 * 1000
let redis: RedisServer
let client: Redis
let shop: Shop
let cache: RootCache
beforeAll(async () => {
  redis = await startRedis()
  client = new Redis(redis.url)
  shop = await fillShop('shop', { url: redis.url })
  cache = shop.cache
})
afterAll(async () => {
  await shop.close()
  client.disconnect()
  await redis.stop()
})

describe('what the packages keep is shown', () => {
  let report: PrefixReport
  beforeAll(async () => {
    report = ofPrefix(await inspectJson(redis.url, '--prefix', 'shop'), 'shop')
  })

  it('every key, and what all of them take', async () => {
    const keys = await client.keys('shop[:#]*')
    const sizes = await Promise.all(keys.map((key) => client.memory('USAGE', key)))
    expect(report.keys).toBe(keys.length)
    expect(report.totalBytes).toBe(sizes.reduce<number>((sum, size) => sum + Number(size), 0))
  })
  it('entries by namespace', () => {
    const counts = Object.fromEntries(report.namespaces.map(({ name, keys }) => [name, keys]))
    expect(counts).toEqual({
      '': 4,
      product: 40,
      user: 10,
      eu: 2,
      page: 5,
      stale: 1,
      loading: 1,
    })
    expect(report.namespaces.every(({ keys, measured }) => keys === measured)).toBe(true)
    expect(report.namespaces[0]).toMatchObject({ name: 'eu' })
  })
  it('state by area', () => {
    expect(Object.fromEntries(report.areas.map(({ name, keys }) => [name, keys]))).toEqual({
      session: 9,
      'session-user': 2,
      limit: 9,
      concurrent: 1,
      hits: 1,
      lock: 3,
      semaphore: 1,
      'read-write': 2,
      guard: 1,
      'guard-tag': 2,
    })
  })
  it('how long keys live, and which live for ever', async () => {
    const { ttls, withoutTtl } = report
    expect(ttls.none).toBe(3)
    expect(withoutTtl.toSorted()).toEqual(['shop:flag-a', 'shop:flag-b', 'shop:flag-c'])
    const spread = { none: 0, underMinute: 0, underHour: 0, underDay: 0, longer: 0 }
    for (const key of await client.keys('shop[:#]*')) {
      const ttl = await client.pttl(key)
      if (ttl < 0) spread.none++
      else if (ttl < 60_000) spread.underMinute++
      else if (ttl < 3_600_000) spread.underHour++
      else if (ttl < 86_400_000) spread.underDay++
      else spread.longer++
    }
    expect(ttls.underHour).toBe(spread.underHour)
    expect(ttls).toMatchObject({ none: spread.none, longer: spread.longer })
  })
  it('the biggest keys', async () => {
    const [first, second] = report.biggest
    const bytes = await client.memory('USAGE', 'shop:eu:product:2')
    expect(first).toEqual({ key: 'shop:eu:product:2', type: 'string', bytes })
    expect(second?.key).toBe('shop:page:5')
  })

  it('sessions, and how many each user has', () => {
    expect(report.sessions).toEqual({
      live: 7,
      signedIn: 4,
      anonymous: 3,
      ended: 0,
      users: 2,
      usersAtLeast: false,
      perUser: [
        { user: pseudonym('ada'), sessions: 3 },
        { user: pseudonym('bob'), sessions: 1 },
      ],
      middleware: [{ name: 'koa-session', sessions: 1 }],
    })
  })

  it('limits that are nearly full, whatever counts them', () => {
    const { limits } = report
    expect(limits.counting).toBe(9)
    expect(limits.nearFullCount).toBe(5)
    const shown = limits.nearFull.map(withoutReset)
    const windowMs = month
    expect(shown).toHaveLength(5)
    expect(shown).toEqual(
      expect.arrayContaining([
        { ...of('default', 'sliding-window', '10.0.0.1'), windowMs, used: 9, limit: 10 },
        { ...of('default', 'fixed-window', 'all'), windowMs, used: 100, limit: 100 },
        { ...of('default/per day', 'fixed-window', '7'), windowMs, used: 4, limit: 4 },
        { ...of('default', 'sliding-log', 'logged'), windowMs, used: 17, limit: 20 },
        { ...of('default', 'concurrency', 'ada'), used: 2, limit: 2 },
      ]),
    )
    expect(limits.nearFull.at(-1)).toMatchObject({ key: 'logged' })
    const ends = limits.nearFull.filter(({ algorithm }) => algorithm !== 'concurrency')
    for (const { resetsInMs = 0 } of ends) expect(resetsInMs).toBeGreaterThan(month / 2)
  })
  it('the use of limits whose size is not kept', () => {
    const { mostUsed } = report.limits
    expect(mostUsed.map(withoutReset)).toEqual([
      { ...of('default', 'token-bucket', 'bucket'), windowMs: month, used: 12 },
      { ...of('login', 'sliding-window', 'ada'), windowMs: month, used: 4 },
      { ...of('api', 'hits', '10.0.0.2'), used: 3 },
    ])
    const bucket = mostUsed.find(({ key }) => key === 'bucket')?.resetsInMs ?? 0
    expect(Math.abs(bucket - (12 * month) / 30)).toBeLessThan(60_000)
  })
  it('keys that are blocked', () => {
    const { blocked, blockedCount } = report.limits
    expect(blockedCount).toBe(2)
    expect(blocked.map(({ limiter, key }) => [limiter, key])).toEqual([
      ['login', 'mallory'],
      ['default', '10.0.0.9'],
    ])
    for (const { remainingMs } of blocked) expect(remainingMs).toBeGreaterThan(50 * 60_000)
  })

  it('locks that are held, by whom, since when and for how long', async () => {
    const { locks } = report
    expect(locks).toMatchObject({ held: 4, leases: 6, waiting: 2, remembered: 5 })
    const shown = locks.longestHeld.map(({ kind, name, units, waiting }) => [
      kind,
      name,
      units,
      waiting,
    ])
    expect(shown).toHaveLength(6)
    expect(shown).toEqual(
      expect.arrayContaining([
        ['lock', 'order:7', 1, 2],
        ['semaphore', 'payments', 1, 0],
        ['semaphore', 'payments', 2, 0],
        ['read', 'index', 1, 0],
        ['write', 'books', 1, 0],
      ]),
    )
    const truth = await createLocks({ cache }).inspect('order:7')
    const order = locks.longestHeld.find(({ name }) => name === 'order:7')
    expect(order).toMatchObject({ owner: truth.owner, fence: truth.fence })
    expect(order?.remainingMs).toBeGreaterThan(20_000)
    expect(order?.ageMs).toBeLessThan(30_000)
  })

  it('entries of guards, loads and refreshes under way, tags', () => {
    expect(report.guard).toEqual({
      lookedInto: 63,
      fresh: 5,
      stale: 1,
      undated: 0,
      loading: 1,
      inBytes: 0,
      refreshing: 1,
      failed: 0,
      tags: 2,
    })
  })
})

describe('an inspection', () => {
  it('counts what it does not measure, and says so', async () => {
    const report = ofPrefix(
      await inspectJson(redis.url, '--prefix', 'shop', '--sample', '5'),
      'shop',
    )
    const product = report.namespaces.find(({ name }) => name === 'product')
    expect(product).toMatchObject({ keys: 40, measured: 5 })
    // The mean is shown in whole bytes.
    expect(Math.abs((product?.totalBytes ?? 0) - 40 * (product?.meanBytes ?? 0))).toBeLessThan(40)
    expect(report.guard.lookedInto).toBe(5 + 5 + 4 + 2 + 5 + 1 + 1)
    const { stdout } = await runSluice(['inspect', redis.url, '--sample', '0'])
    expect(stdout).not.toContain('biggest')
  })

  it('prints an object of which the guide names every field', async () => {
    const guide = await readFile(new URL('../../../../docs/inspecting.md', import.meta.url), 'utf8')
    const names = fieldsIn(await inspectJson(redis.url, '--prefix', 'shop'))
    expect(names.size).toBeGreaterThan(60)
    expect([...names].filter((name) => !guide.includes(`\`${name}`))).toEqual([])
  })

  it('tells what has ended from what goes on', async () => {
    const now = Date.now()
    const recordOf = (times: string) => ['secret', 'x', 'user', 'eve', 'times', times]
    await client.hset('old#session:{idle}', ...recordOf(`${now - 10_000} 1000 90000 0 0 -`))
    await client.hset('old#session:{absolute}', ...recordOf(`${now - 10_000} 90000 9000 0 0 -`))
    await client.hset('old#session:{live}', ...recordOf(`${now - 10_000} 90000 90000 0 0 -`))
    await client.hset('old#lock:{a}', 'host:1/x.1', `${now - 5} 1 ${now * 1000}`, 'fence', '5')
    for (const end of ['done', 'failed', 'a-token']) {
      await client.set(`old#guard:{${end}}`, `da39a3ee:${end}`)
    }
    const report = ofPrefix(await inspectJson(redis.url, '--prefix', 'old'), 'old')
    expect(report.sessions).toMatchObject({ live: 1, ended: 2, users: 1 })
    expect(report.locks).toMatchObject({ held: 0, remembered: 1, leases: 0 })
    expect(report.guard).toMatchObject({ refreshing: 1, failed: 1 })
    await client.del(await client.keys('old#*'))
  })
})

function fieldsIn(value: unknown): Set<string> {
  if (typeof value !== 'object' || value === null) return new Set()
  const own = Array.isArray(value) ? [] : Object.keys(value)
  return new Set([...own, ...Object.values(value).flatMap((member) => [...fieldsIn(member)])])
}

function withoutReset(report: LimitReport): Partial<LimitReport> {
  const { resetsInMs, ...rest } = report
  expect(resetsInMs ?? 1).toBeGreaterThan(0)
  return rest
}

function of(policy: string, algorithm: string, key: string) {
  return { policy, algorithm, key }
}

function pseudonym(user: string): string {
  return createHash('sha256').update(user).digest('hex').slice(0, 12)
}
