import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { expect, it } from 'vitest'
import { expressSessionStore } from '../src/express-session.ts'
import { koaSessionStore } from '../src/koa-session.ts'
import { memoryBench, minute, type Data } from './stock-bench.ts'
import { ttlsOf } from './stock-sessions.ts'

/** A store that adopts what connect-redis left: its end has moved since its cookie was stored. */
function setUp(old: Record<string, unknown>) {
  const { cache, clock, held } = memoryBench()
  const asked: string[] = []
  const adopt = async (sid: string): Promise<Data> => {
    asked.push(sid)
    return JSON.parse(JSON.stringify(old[sid] ?? null))
  }
  const store = expressSessionStore<Data>({ cache, adopt, idle: '1h' })
  return { asked, cache, clock, held, old, store }
}

const past = new Date(Date.now() - minute).toISOString()
const oldSession = { cookie: { originalMaxAge: 5 * minute, expires: past }, user: 'ada' }

it('a session from another store is moved once, with a whole life before it', async () => {
  const { asked, cache, old, store } = setUp({ x: oldSession })
  expect(await store.get('x')).toMatchObject({ user: 'ada' })
  delete old['x']
  expect(await store.get('x')).toMatchObject({ user: 'ada' })
  expect(asked).toEqual(['x'])
  const [ttl = 0] = (await ttlsOf(cache.store, '*')).values()
  expect(ttl).toBeGreaterThan(4 * minute)
  expect(ttl).toBeLessThanOrEqual(5 * minute)
})

it('a browser session lives as long as "idle" says', async () => {
  const { cache, store } = setUp({ x: { ...oldSession, cookie: { originalMaxAge: null } } })
  await store.get('x')
  const [ttl = 0] = (await ttlsOf(cache.store, '*')).values()
  expect(ttl).toBeGreaterThan(59 * minute)
})

it('a request that adopts late overwrites nothing', async () => {
  const { held, store } = setUp({ x: oldSession })
  const { held: isHeld, letGo } = held.holdNext('create')
  const late = store.get('x')
  await isHeld
  const loaded = await store.get('x')
  if (loaded !== undefined) await store.set('x', Object.assign(loaded, { a: 1 }))
  letGo()
  expect(await late).toMatchObject({ user: 'ada', a: 1 })
})

it('what was read by a parallel request and is gone from the other store is found here', async () => {
  const { held, old, store } = setUp({ x: oldSession })
  held.holdUntil('load', 2)
  const [first, second] = [store.get('x'), store.get('x').finally(() => delete old['x'])]
  expect(await first).toMatchObject({ user: 'ada' })
  expect(await second).toMatchObject({ user: 'ada' })
})

it('a destroyed session is not adopted again', async () => {
  const { asked, cache, clock, held, store } = setUp({ x: oldSession })
  await store.get('x')
  const { held: isHeld, letGo } = held.holdNext('create')
  await store.destroy('x')
  const late = store.get('x')
  await isHeld
  letGo()
  expect(await late).toBe(undefined)
  clock.advance(59 * minute)
  expect(await store.get('x')).toBe(undefined)
  expect(await store.length()).toBe(0)
  expect(asked).toHaveLength(3)
  const [ttl = 0] = (await ttlsOf(cache.store, '*')).values()
  expect(ttl).toBeGreaterThan(0)
})

it('what is no session is not adopted, whatever it is', async () => {
  const { store } = setUp({ a: { user: 'ada' }, b: 'text', c: 1, d: { cookie: null } })
  for (const sid of ['a', 'b', 'c', 'd', 'e']) expect(await store.get(sid)).toBe(undefined)
  expect(await store.length()).toBe(0)
})

it('a failing "adopt" fails the read', async () => {
  const store = expressSessionStore({ adopt: () => Promise.reject(new Error('away')) })
  await expect(store.get('x')).rejects.toThrow('away')
})

it('a session of koa-session is adopted alike', async () => {
  const cache = createCache({ store: memoryStore() })
  const old = { user: 'ada', _expire: Date.now() + minute, _maxAge: minute }
  const store = koaSessionStore({ cache, adopt: async () => old })
  expect(await store.get('x')).toEqual(old)
  const [ttl = 0] = (await ttlsOf(cache.store, '*')).values()
  expect(ttl).toBeGreaterThan(minute)
})
