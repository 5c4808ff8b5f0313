import { redisUrl, startRedis, uniquePrefix } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connect, type Servers } from '../../src/inspect/connect.ts'
import type { Server } from '../../src/inspect/server.ts'
import { createSurvey } from '../../src/inspect/survey.ts'
import { inspectJson, ofPrefix, runSluice } from './run-sluice.ts'

let client: Redis
let servers: Servers
let prefix = ''
beforeAll(async () => {
  client = new Redis(redisUrl())
  const { hostname: host, port } = new URL(redisUrl())
  const target = { host, port: Number(port), database: 0, isTls: false, isCluster: false }
  servers = await connect({ ...target, deadlineMs: 5000 })
})
afterAll(() => {
  client.disconnect()
  servers.close()
})
beforeEach(() => {
  prefix = uniquePrefix('survey')
})
afterEach(async () => {
  const left = await client.keys(`${prefix}[:#]*`)
  if (left.length > 0) await client.del(left)
})

/** The server, with something that happens between two of its batches. */
function meanwhile(after: number, act: () => Promise<unknown>): Server {
  const [server] = servers.all
  if (server === undefined) throw new Error('no server')
  let sent = 0
  return {
    address: server.address,
    async send(commands) {
      if (sent++ === after) await act()
      return server.send(commands)
    },
  }
}

const stateNames = ['session:{a}', 'limit:{a}:5/s60000', 'lock:{a}', 'concurrent:{a}:2/1000']

describe('keys that change while they are looked at', () => {
  it('gone before the first look: they count as vanished alone', async () => {
    const survey = createSurvey(10)
    const server = meanwhile(9, async () => undefined)
    await survey.add(server, [Buffer.from(`${prefix}:gone`), Buffer.from(`${prefix}#lock:{gone}`)])
    const { keys, missed, prefixes } = survey.report()
    expect([keys, missed.vanished]).toEqual([2, 2])
    expect(prefixes.map((one) => one.keys)).toEqual([0])
  })

  it('gone, or of another type, between two looks: nothing is said of them but that they were there', async () => {
    const keys = [`${prefix}:entry`, ...stateNames.map((name) => `${prefix}#${name}`)]
    for (const act of [
      () => client.del(keys),
      async () => {
        await client.del(keys)
        await Promise.all(keys.map((key) => client.rpush(key, 'x')))
      },
    ]) {
      await client.del(keys)
      await client.set(keys[0] ?? '', 'text')
      await client.hset(keys[1] ?? '', 'secret', 'x')
      await client.set(keys[2] ?? '', '1 1 1')
      await client.hset(keys[3] ?? '', 'fence', '1')
      await client.zadd(keys[4] ?? '', 1, 'x')
      const survey = createSurvey(10)
      await survey.add(
        meanwhile(1, act),
        keys.map((key) => Buffer.from(key)),
      )
      const [report] = survey.report().prefixes
      expect(report).toMatchObject({ keys: 5, foreign: { count: 0 } })
      expect(report?.sessions).toMatchObject({ live: 0, ended: 0 })
      expect(report?.limits.counting).toBe(0)
      expect(report?.locks.held).toBe(0)
    }
  })
})

describe('keys of others under names of ours', () => {
  it('of a wrong type are counted, named and not read', async () => {
    for (const name of [':entry', ...stateNames.map((name) => `#${name}`)]) {
      await client.rpush(prefix + name, 'x')
    }
    const report = ofPrefix(await inspectJson(redisUrl(), '--prefix', prefix), prefix)
    expect(report).toMatchObject({ keys: 5, foreign: { count: 5 } })
    expect(report.foreign.keys).toHaveLength(5)
  })

  it('with text that no package wrote count nothing', async () => {
    const words = ['', 'x', '-1 -1 -1', '9'.repeat(400), '1 '.repeat(1000), '\u0000', '{"guard":1,']
    for (const [at, word] of words.entries()) {
      for (const code of ['s', 'f', 'l', 'b']) {
        await client.set(`${prefix}#limit:{${at}}:5/${code}60000`, word)
      }
      await client.set(`${prefix}:${at}`, word)
      await client.set(`${prefix}#hits:{${at}}:x`, word)
      await client.hset(`${prefix}#session:{${at}}`, 'secret', 'x', 'times', word)
      await client.hset(`${prefix}#lock:{${at}}`, '__proto__', word, 'constructor', word)
    }
    const report = ofPrefix(await inspectJson(redisUrl(), '--prefix', prefix), prefix)
    expect(report.keys).toBe(words.length * 8)
    expect(report.limits.counting).toBe(0)
    expect(report.sessions).toMatchObject({ live: 0, ended: words.length })
    expect(report.locks.leases).toBe(0)
  })

  it('with names that a terminal would obey are escaped, in text and in JSON', async () => {
    const evil = '\u001b[2J\u009b31m\u202e\r\n\u2028\u0007日本\\'
    const long = 'k'.repeat(5000)
    await client.set(`${prefix}:${evil}:${evil}`, 'x'.repeat(50_000))
    await client.set(`${prefix}:${long}`, 'x')
    await client.rpush(`${prefix}:${evil}`, 'x')
    await client.set(Buffer.from(`${prefix}:\xff\xfe`, 'latin1'), 'x')
    await client.set(`${prefix}#limit:${evil}:{${evil}}:1/f60000`, `${Date.now()} 5`)
    await client.hset(
      `${prefix}#lock:{${evil}}`,
      `${evil}/x.1`,
      `${Date.now() + 60_000} 1 ${Date.now()}000`,
    )
    const args = ['inspect', redisUrl(), '--prefix', prefix]
    const { stdout } = await runSluice(args)
    const json = await runSluice([...args, '--json'])
    for (const text of [stdout, json.stdout]) {
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    }
    expect(stdout).toContain('\\x1b[2J\\x9b31m\\u{202e}')
    expect(stdout).toContain('日本')
    for (const line of stdout.split('\n')) expect([...line].length).toBeLessThanOrEqual(100)
    const report = ofPrefix(JSON.parse(json.stdout), prefix)
    expect(report.keys).toBe(6)
    expect(report.limits.nearFull[0]).toMatchObject({ key: `${evil}:${evil}`, used: 5, limit: 1 })
    expect(Math.max(...report.biggest.map(({ key }) => key.length))).toBeLessThanOrEqual(201)
  })
})

describe('without a prefix', () => {
  it('all prefixes are listed and shown, and what has none is counted', async () => {
    // A server of its own: on the shared one other tests leave prefixes, more than are listed.
    await using redis = await startRedis()
    const own = new Redis(redis.url)
    await own.set(`${prefix}:a`, 1)
    await own.set(`${prefix}-two#guard-tag:{a}`, '1.0')
    await own.set(`${prefix}`, 'no cache')
    own.disconnect()
    const report = await inspectJson(redis.url)
    expect(ofPrefix(report, prefix).keys).toBe(1)
    expect(ofPrefix(report, `${prefix}-two`).guard.tags).toBe(1)
    expect(report.otherKeys).toBe(1)
    const { stdout } = await runSluice(['inspect', redis.url])
    expect(stdout).toContain(`${prefix}, ${prefix}-two`)
  })

  it('more beginnings than it has room for are counted, and told of', async () => {
    const survey = createSurvey(10)
    const keys = Array.from({ length: 40 }, (_, at) => Buffer.from(`${prefix}.${at}:a`))
    await survey.add(
      meanwhile(9, async () => undefined),
      keys,
    )
    expect(survey.report().furtherKeys).toBe(8)
  })
})
