import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { createSessions } from '@sluice/session-store'
import { httpApps, startRedis, type ListeningApp, type RedisServer } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { appWithSession, secret, sessionOf, type TestData } from './fixtures.ts'

// A server of its own, because its commands are counted.
let redis: RedisServer
let admin: Redis
beforeAll(async () => {
  redis = await startRedis()
  admin = new Redis(redis.url)
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
})

const ending: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of ending.splice(0)) await one[Symbol.asyncDispose]()
  await admin.flushall()
})

/** A process of the service: its own connection, the same secret and prefix. */
async function startProcess(factory = httpApps[0]): Promise<ListeningApp> {
  if (factory === undefined) throw new Error('no app')
  const cache = createCache({ store: redisStore({ url: redis.url }), prefix: 'shop' })
  const app = await appWithSession(
    factory,
    { cache, secret },
    {
      'GET /': (context) => ({ ...sessionOf(context) }),
      'GET /nothing': () => 'nothing',
      'POST /set': (context) => {
        Object.assign(sessionOf(context), context.body)
        return 'set'
      },
      'POST /sign-in': async (context) => {
        await sessionOf(context).signIn('ada')
        return 'signed in'
      },
      'POST /sign-out': async (context) => {
        await sessionOf(context).destroy()
        return 'signed out'
      },
      'POST /rotate': async (context) => String(await sessionOf(context).rotate()),
      'POST /increment': async (context) => {
        await sessionOf(context).update('count', (count = 0) => count + 1)
        return 'incremented'
      },
    },
  ).listen()
  ending.push(app, cache)
  return app
}

const post = (app: ListeningApp, path: string, cookie = '', body: object = {}): Promise<Response> =>
  fetch(app.url + path, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const get = (app: ListeningApp, path: string, cookie = ''): Promise<Response> =>
  fetch(app.url + path, { headers: { cookie } })
const cookieFrom = (response: Response): string =>
  response.headers.get('set-cookie')?.split(';')[0] ?? ''

/** How many commands the service sent meanwhile; what scripts call inside is not counted. */
async function commandsDuring(work: () => Promise<unknown>): Promise<number> {
  await admin.config('RESETSTAT')
  await work()
  const stats = await admin.info('commandstats')
  const calls = (name: string): number =>
    Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
  return calls('evalsha') + calls('eval') + calls('unlink')
}

describe.each(httpApps)('commands on $name', (factory) => {
  it('are counted: 0 without a cookie, 1 with a session, 2 when it changes, 0 for a forged cookie', async () => {
    const app = await startProcess(factory)
    const cookie = cookieFrom(await post(app, '/set', '', { count: 1 }))
    await post(app, '/set', cookie, { count: 2 })
    const forged = cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    expect(await commandsDuring(() => get(app, '/nothing'))).toBe(0)
    expect(await commandsDuring(() => get(app, '/', forged))).toBe(0)
    expect(await commandsDuring(() => get(app, '/', `id=${'x'.repeat(9000)}`))).toBe(0)
    expect(await commandsDuring(() => get(app, '/', cookie))).toBe(1)
    expect(await commandsDuring(() => post(app, '/set', cookie, { count: 3 }))).toBe(2)
    expect(await commandsDuring(() => post(app, '/set', '', { count: 1 }))).toBe(1)
  })
})

it('signing in, rotating and signing out cost 3, 2 and 3 commands with a session', async () => {
  const app = await startProcess()
  // Once for the scripts to be known.
  let warm = cookieFrom(await post(app, '/set', '', { count: 1 }))
  warm = cookieFrom(await post(app, '/sign-in', warm))
  warm = cookieFrom(await post(app, '/rotate', warm))
  await post(app, '/sign-out', warm)

  let cookie = cookieFrom(await post(app, '/set', '', { count: 1 }))
  expect(
    await commandsDuring(async () => {
      cookie = cookieFrom(await post(app, '/sign-in', cookie))
    }),
  ).toBe(3)
  expect(
    await commandsDuring(async () => {
      cookie = cookieFrom(await post(app, '/rotate', cookie))
    }),
  ).toBe(2)
  expect(await commandsDuring(() => post(app, '/sign-out', cookie))).toBe(3)
})

it('50 requests to two processes that each set another attribute keep all 50', async () => {
  const [one, two] = [await startProcess(), await startProcess(httpApps[2])]
  const cookie = cookieFrom(await post(one, '/sign-in'))
  const names = Array.from({ length: 50 }, (_, at) => `attribute-${at}`)
  await Promise.all(
    names.map((name, at) => post(at % 2 === 0 ? one : two, '/set', cookie, { [name]: at })),
  )
  const found = await (await get(two, '/', cookie)).json()
  expect(found).toEqual(Object.fromEntries(names.map((name, at) => [name, at])))
})

it('50 updates of one attribute on two processes lose none', async () => {
  const [one, two] = [await startProcess(), await startProcess(httpApps[2])]
  const cookie = cookieFrom(await post(one, '/sign-in'))
  await Promise.all(
    Array.from({ length: 50 }, (_, at) => post(at % 2 === 0 ? one : two, '/increment', cookie)),
  )
  expect(await (await get(one, '/', cookie)).json()).toEqual({ count: 50 })
})

it('a sign-in on one process is known to the other, and so is a sign-out everywhere', async () => {
  const [one, two] = [await startProcess(), await startProcess()]
  const cookie = cookieFrom(await post(one, '/sign-in'))
  expect(await (await post(two, '/rotate', cookie)).text()).toBe('true')
  const cache = createCache({ store: redisStore({ url: redis.url }), prefix: 'shop' })
  ending.push(cache)
  const sessions = createSessions({ cache })
  expect(await sessions.list('ada')).toHaveLength(1)
  expect(await sessions.destroyAll('ada')).toBe(1)
  // The mark of when it was stays, for sign-ins that are under way.
  expect(await admin.keys('*')).toEqual(['shop#session-user:{ada}:ended'])
})

it('every key has a ttl, and no key or field holds a part of a token', async () => {
  const cache = createCache({ store: redisStore({ url: redis.url }), prefix: 'shop' })
  ending.push(cache)
  const sessions = createSessions<TestData>({ cache, idle: '10m', absolute: '60m' })
  const { token, session } = await sessions.create({ userId: 'ada', data: { count: 1 } })
  await sessions.commit(session, { count: 2, a: { b: new Map([[1, 2]]) } })
  const next = (await sessions.rotate(token)) ?? ''
  await sessions.load(next)
  const keys = await admin.keys('*')
  expect(keys.map((key) => key.replace(/\{.*\}/, '')).toSorted()).toEqual([
    'shop#session-user:',
    'shop#session:',
  ])
  for (const key of keys) {
    const isIndex = key.includes('session-user')
    const ttlMs = await admin.pttl(key)
    expect(ttlMs).toBeGreaterThan(isIndex ? 3_500_000 : 590_000)
    expect(ttlMs).toBeLessThanOrEqual(isIndex ? 3_600_000 : 600_000)
    const content = isIndex ? await admin.zrange(key, '0', '-1') : await admin.hgetall(key)
    for (const part of [...token.split('.'), ...next.split('.')]) {
      expect(key + JSON.stringify(content)).not.toContain(part)
    }
  }
  expect((await sessions.load(next))?.data).toEqual({ count: 2, a: { b: new Map([[1, 2]]) } })
})

it('a destroyAll of 10 000 sessions is some dozens of commands', async () => {
  const cache = createCache({ store: redisStore({ url: redis.url, commandTimeout: '5s' }) })
  ending.push(cache)
  const sessions = createSessions({ cache })
  for (let batch = 0; batch < 10; batch++) {
    await Promise.all(Array.from({ length: 1000 }, () => sessions.create({ userId: 'ada' })))
  }
  await sessions.create({ userId: 'bob' })
  expect(await commandsDuring(() => sessions.destroyAll('ada'))).toBeLessThan(60)
  expect(await sessions.list('ada')).toEqual([])
  expect(await sessions.list('bob')).toHaveLength(1)
}, 60_000)

it('what cannot be read of a record counts as absent: one attribute, or all of it', async () => {
  const cache = createCache({ store: redisStore({ url: redis.url }), prefix: 'shop' })
  ending.push(cache)
  const sessions = createSessions<TestData>({ cache })
  const { token, session } = await sessions.create({ data: { a: 1, b: 2 } })
  const key = cache.stateKey('session', session.id)
  await admin.hset(key, { 'data:a': '{not json' })
  expect((await sessions.load(token))?.data).toEqual({ b: 2 })
  await admin.hset(key, { times: 'not times' })
  expect(await sessions.load(token)).toBeUndefined()
  expect(await admin.exists(key)).toBe(0)
})

it.each([
  { deadline: 'idle', lasts: '60000 3600000' },
  { deadline: 'absolute', lasts: '3600000 60000' },
])('the $deadline deadline decides, whatever became of the key expiry', async ({ lasts }) => {
  const cache = createCache({ store: redisStore({ url: redis.url }), prefix: 'shop' })
  ending.push(cache)
  const sessions = createSessions<TestData>({ cache })
  const { token, session } = await sessions.create({ userId: 'ada' })
  const key = cache.stateKey('session', session.id)
  await admin.persist(key)
  await admin.hset(key, { times: `${Date.now() - 60_001} ${lasts} 0 0 0` })
  expect(await sessions.list('ada')).toEqual([])
  expect(await sessions.load(token)).toBeUndefined()
  expect(await admin.exists(key)).toBe(0)
})
