import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { httpApps, redisUrl, startRedis, uniquePrefix } from '@sluice/testkit'
import { Redis } from 'ioredis'
import request from 'supertest'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { expressSessionStore, type ExpressSessionData } from '../src/express-session.ts'
import { cookiesOf, expressApp, heldStore, stockSessionOf, ttlsOf } from './stock-sessions.ts'
import { expressCases } from './stock-cases.ts'
import { stockSuite } from './stock-suite.ts'

interface Data extends ExpressSessionData {
  user?: string
}

let redis: Redis
beforeAll(() => void (redis = new Redis(redisUrl())))
afterAll(() => redis.disconnect())

const shared = redisStore({ url: redisUrl(), commandTimeout: '5s' })
afterAll(() => shared.close())
let prefix = ''
beforeEach(() => void (prefix = uniquePrefix('stock')))

stockSuite(expressCases, () => {
  const held = heldStore(shared)
  const cache = createCache({ store: held.store, prefix })
  return { cache, held, ttls: () => ttlsOf(shared, `${prefix}*`) }
})

const session = (user: string): Data => ({ cookie: { originalMaxAge: null }, user })

it('the store of one process sees what that of another wrote, and no session is there for ever', async () => {
  await using one = createCache({ store: redisStore({ url: redisUrl() }), prefix })
  await using other = createCache({ store: redisStore({ url: redisUrl() }), prefix })
  const [writer, reader] = [
    expressSessionStore<Data>({ cache: one }),
    expressSessionStore<Data>({ cache: other, adopt: async (sid) => session(`old ${sid}`) }),
  ]
  await writer.set('x', session('ada'))
  await reader.get('y')
  await reader.get('z')
  await reader.destroy('z')
  expect(await reader.get('x')).toMatchObject({ user: 'ada' })
  expect(new Set((await writer.all()).map(({ user }) => user))).toEqual(new Set(['ada', 'old y']))
  expect(await reader.get('z')).toBe(undefined)
  const keys = await redis.keys(`${prefix}*`)
  expect(keys).toHaveLength(3)
  for (const key of keys) expect(await redis.pttl(key)).toBeGreaterThan(86_000_000)
  await writer.clear()
  expect(await reader.length()).toBe(0)
})

it('connect-redis’s sessions are moved as the guide says', async () => {
  await using cache = createCache({ store: redisStore({ url: redisUrl() }), prefix })
  const adopt = async (sid: string): Promise<Data | undefined> => {
    const text = await redis.getex(`${prefix}-sess:${sid}`, 'EX', 60)
    return text === null ? undefined : JSON.parse(text)
  }
  const store = expressSessionStore<Data>({ cache, adopt })
  await redis.set(`${prefix}-sess:x`, JSON.stringify(session('ada')), 'EX', 3600)
  expect(await store.get('x')).toMatchObject({ user: 'ada' })
  expect(await redis.ttl(`${prefix}-sess:x`)).toBeLessThanOrEqual(60)
  await store.destroy('x')
  expect(await store.get('x')).toBe(undefined)
  expect(await store.get('y')).toBe(undefined)
  await redis.del(`${prefix}-sess:x`)
})

it('a request that reads costs two commands and one that changes two', async () => {
  await using server = await startRedis()
  await using cache = createCache({ store: redisStore({ url: server.url }) })
  const [factory] = httpApps
  if (factory === undefined) throw new Error('expected a framework')
  const { listener } = expressApp(factory, expressSessionStore({ cache }), {
    'GET /': (context) => String(stockSessionOf(context)['user']),
    'POST /set': (context) => void (stockSessionOf(context)['user'] = context.body),
  })
  const set = (cookie: string) => request(listener).post('/set').set('cookie', cookie).send(['ada'])
  const cookie = cookiesOf(await set('').expect(204))
  await set(cookie)
  const own = new Redis(server.url)
  const sent: string[] = []
  const monitor = await own.monitor()
  monitor.on('monitor', (_time: string, [command = '']: string[], source: string) => {
    if (source !== 'lua') sent.push(command.toLowerCase())
  })
  await request(listener).get('/').set('cookie', cookie).expect(200, 'ada')
  await set(cookie).expect(204)
  await own.echo('the end')
  await expect.poll(() => sent.at(-1)).toBe('echo')
  expect(sent.slice(0, -1)).toEqual(Array(4).fill(expect.stringMatching(/^evalsha/)))
  monitor.disconnect()
  own.disconnect()
})
