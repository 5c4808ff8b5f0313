import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { clusterNodes, uniquePrefix } from '@sluice/testkit'
import { expect, it } from 'vitest'
import { expressSessionStore, type ExpressSessionData } from '../src/express-session.ts'
import { koaSessionStore } from '../src/koa-session.ts'

interface Data extends ExpressSessionData {
  user?: string
  a?: number
}

const connect = () =>
  createCache({ store: redisStore({ cluster: clusterNodes() }), prefix: uniquePrefix('stock') })
const sids = Array.from({ length: 20 }, (_, at) => `sid-${at}`)

it('on a Cluster every session is written where it lies, and all are found', async () => {
  await using cache = connect()
  const adopt = async (sid: string): Promise<Data> => ({
    cookie: { originalMaxAge: null },
    user: sid,
  })
  const store = expressSessionStore<Data>({ cache, adopt })
  for (const sid of sids) {
    const session = await store.get(sid)
    if (session !== undefined) await store.set(sid, Object.assign(session, { a: 1 }))
    expect(await store.get(sid)).toMatchObject({ user: sid, a: 1 })
  }
  expect(new Set((await store.all()).map(({ user }) => user))).toEqual(new Set(sids))
  const [first = '', ...others] = await store.ids()
  await store.destroy(first)
  expect(new Set(await store.ids())).toEqual(new Set(others))
  await store.clear()
  expect(await store.length()).toBe(0)
})

it('sessions of koa-session begin, change and end on a Cluster', async () => {
  await using cache = connect()
  const store = koaSessionStore({ cache })
  for (const sid of sids) {
    const ctx = {}
    await store.set(sid, { user: sid }, 60_000, { ctx })
    await store.set(sid, { user: sid, a: 1 }, 60_000, { ctx })
    expect(await store.get(sid)).toEqual({ user: sid, a: 1 })
    await store.destroy(sid)
    expect(await store.get(sid)).toBe(undefined)
  }
})
