import { createCache, StoreUnavailableError, type Store } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { expect, it, vi } from 'vitest'
import { expressSessionStore } from '../src/express-session.ts'
import { heardFailures, withResolvers } from './fixtures.ts'
import { memoryBench, minute, session, type Data } from './stock-bench.ts'
import { expressSession, ttlsOf } from './stock-sessions.ts'

/** The store on memory. */
function setUp() {
  const b = memoryBench()
  return { ...b, store: expressSessionStore<Data>({ cache: b.cache }) }
}

it('is a store of express-session and an emitter that stays silent', async () => {
  const { faults, store } = setUp()
  expect(store).toBeInstanceOf(expressSession.Store)
  const heard = vi.fn<() => void>()
  store.on('disconnect', heard)
  faults.fail({ times: Infinity })
  await expect(store.get('x')).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
  expect(heard).not.toHaveBeenCalled()
})

it('promises where it is given no callback', async () => {
  const { clock, store } = setUp()
  expect(await store.get('x')).toBe(undefined)
  await store.set('x', session({ user: 'ada' }))
  expect(await store.get('x')).toMatchObject({
    user: 'ada',
    cookie: { expires: expect.any(Date) },
  })
  clock.advance(50_000)
  await store.touch('x', session())
  clock.advance(50_000)
  expect(await store.get('x')).toMatchObject({ user: 'ada' })
  await store.destroy('x')
  expect(await store.get('x')).toBe(undefined)
})

it('calls back once, with the error or the result', async () => {
  const { faults, store } = setUp()
  const told: unknown[][] = []
  const tell = (...given: unknown[]): void => void told.push(given)
  store.set('x', session({ user: 'ada' }), tell)
  await expect.poll(() => told).toEqual([[null, undefined]])
  store.get('x', tell)
  await expect.poll(() => told[1]).toMatchObject([null, { user: 'ada' }])
  faults.fail({ times: Infinity })
  store.destroy('x', tell)
  await expect.poll(() => told[2]).toMatchObject([{ code: 'SLUICE_STORE_UNAVAILABLE' }])
  expect(told).toHaveLength(3)
})

it('what a callback throws is not told to the callback', async () => {
  const { store } = setUp()
  const caught = withResolvers()
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.once('uncaughtException', caught.resolve)
  const callback = vi.fn<(error: unknown, session?: Data) => void>(() => {
    throw new Error('thrown by the callback')
  })
  store.get('x', callback)
  await caught.promise
  for (const other of others) process.on('uncaughtException', other)
  expect(callback).toHaveBeenCalledOnce()
  expect(callback).toHaveBeenCalledWith(null, undefined)
})

it('a failure that nobody waits for is reported, and ends no process', async () => {
  const { faults, store } = setUp()
  using heard = heardFailures()
  faults.fail({ times: Infinity })
  const destroyed = store.destroy('x', undefined)
  expect(destroyed).toBeInstanceOf(Promise)
  await expect.poll(() => heard.failures).toMatchObject([{ verb: 'destroy', instead: 'ignored' }])
})

it('a write that came too late is dropped and reported', async () => {
  const { keys, store } = setUp()
  using heard = heardFailures()
  await store.set('x', session({ user: 'ada' }))
  const loaded = (await store.get('x')) ?? session()
  await store.destroy('x')
  await store.set('x', { ...loaded, a: 1 })
  await store.touch('x', loaded)
  expect(keys()).toBe(0)
  expect(heard.failures).toMatchObject([
    { verb: 'set', instead: 'dropped', error: { code: 'SLUICE_SESSION_GONE' } },
  ])
})

it('a request that began a session cannot bring it back either', async () => {
  const { keys, store } = setUp()
  const begun = session({ user: 'ada' })
  await store.set('x', begun)
  await store.destroy('x')
  await store.set('x', begun)
  expect(keys()).toBe(0)
})

it('a session that was just begun and is destroyed stays destroyed', async () => {
  const { held, keys, store } = setUp()
  const { held: isHeld, letGo } = held.holdNext('create')
  const begun = store.set('x', session({ user: 'ada' }))
  const ended = store.destroy('x')
  await isHeld
  letGo()
  await Promise.all([begun, ended])
  expect(keys()).toBe(0)
})

it('saves of one request arrive in their order', async () => {
  const { held, store } = setUp()
  await store.set('x', session({ a: 0 }))
  const loaded = (await store.get('x')) ?? session()
  const { held: isHeld, letGo } = held.holdNext('commit')
  const saves = [1, 2, 0].map((a) => store.set('x', Object.assign(loaded, { a })))
  await isHeld
  letGo()
  await Promise.all(saves)
  expect(await store.get('x')).toMatchObject({ a: 0 })
})

it('what was written without an answer is written again', async () => {
  const inner = memoryStore()
  let lost = 0
  const run: Store['run'] = async (operation, args) => {
    const result = await inner.run(operation, args)
    if (lost-- > 0) throw new StoreUnavailableError('timeout', 'the answer is lost')
    return result
  }
  const store = expressSessionStore<Data>({ cache: createCache({ store: { ...inner, run } }) })
  await store.set('x', session({ a: 0 }))
  const loaded = (await store.get('x')) ?? session()
  lost = 1
  await expect(store.set('x', Object.assign(loaded, { a: 1 }))).rejects.toThrow('lost')
  await store.set('x', Object.assign(loaded, { a: 0 }))
  expect(await store.get('x')).toMatchObject({ a: 0 })
})

it('a touch moves what is stored of the cookie too', async () => {
  const { store } = setUp()
  await store.set('x', session({}, 1000))
  const end = new Date(Date.now() + 5 * minute)
  await store.touch('x', { cookie: { originalMaxAge: 5 * minute, expires: end } })
  expect((await store.get('x'))?.cookie.expires).toEqual(end)
})

it('a computed ttl of nothing keeps what is left, and begins nothing', async () => {
  const { cache, clock, keys, store } = setUp()
  await store.set('new', session({}, -1))
  expect(keys()).toBe(0)
  await store.set('live', session())
  await store.set('live', session({}, -1))
  expect(await store.get('live')).toBeDefined()
  await store.destroy('live')
  await store.set('x', session())
  clock.advance(10_000)
  const loaded = (await store.get('x')) ?? session()
  loaded.cookie.expires = new Date(Date.now() - 5000)
  await store.set('x', { ...loaded, a: 1 })
  await store.touch('x', loaded)
  const [ttl = 0] = (await ttlsOf(cache.store, '*')).values()
  expect(ttl).toBeGreaterThan(49_000)
  expect(ttl).toBeLessThanOrEqual(50_000)
})

it('a session copied into one of another id is written whole, and the first stays as it is', async () => {
  const { store } = setUp()
  await store.set('x', session({ user: 'ada', a: 1 }))
  const loaded = (await store.get('x')) ?? session()
  await store.set('y', { ...loaded, a: 2 })
  expect(await store.get('x')).toMatchObject({ user: 'ada', a: 1 })
  expect(await store.get('y')).toMatchObject({ user: 'ada', a: 2 })
})

it('what a session carries along shows in no JSON', async () => {
  const { store } = setUp()
  await store.set('x', session({ user: 'ada' }))
  const text = JSON.stringify(await store.get('x'))
  expect(Object.keys(JSON.parse(text).cookie)).toEqual(['originalMaxAge', 'expires'])
})

it('lists, counts, names and clears the sessions of its prefix alone', async () => {
  const { cache, store } = setUp()
  const other = expressSessionStore<Data>({ cache, prefix: 'admin' })
  const users = ['ada', 'bob', 'eve']
  for (const user of users) await store.set(`sid-${user}`, session({ user }))
  await other.set('sid-ada', session({ user: 'root' }))
  const all = await store.all()
  expect(new Set(all.map(({ user }) => user))).toEqual(new Set(users))
  expect(new Set(all.map(({ id }) => id))).toEqual(new Set(await store.ids()))
  expect(await store.length()).toBe(3)

  const { id = '' } = all.find(({ user }) => user === 'bob') ?? {}
  expect(id).not.toContain('sid')
  expect(await store.get(id)).toBe(undefined)
  await store.destroy(id)
  expect(await store.get('sid-bob')).toBe(undefined)
  expect(await store.length()).toBe(2)

  await store.clear()
  expect(await store.length()).toBe(0)
  expect(await other.length()).toBe(1)
})

it('refuses options that cannot be meant', () => {
  // @ts-expect-error: no such option
  expect(() => expressSessionStore({ prefx: 'a' })).toThrow('Did you mean "prefix"?')
  for (const prefix of ['', 'x'.repeat(65), 'ä']) {
    expect(() => expressSessionStore({ prefix })).toThrow('Expected "prefix" to be')
  }
  expect(() => expressSessionStore({ idle: 0 })).toThrow('"idle"')
  // @ts-expect-error: not a function
  expect(() => expressSessionStore({ adopt: true })).toThrow('Expected "adopt" to be')
  // @ts-expect-error: not a cache
  expect(() => expressSessionStore({ cache: {} })).toThrow('Expected "cache" to be')
})
