import { createCache, type RootCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { createSessions, type Sessions } from '@sluice/session-store'
import { clusterNodes, uniquePrefix } from '@sluice/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestData } from './fixtures.ts'

let cache: RootCache
let sessions: Sessions<TestData>
beforeAll(() => {
  cache = createCache({ store: redisStore({ cluster: clusterNodes() }), prefix: uniquePrefix() })
  sessions = createSessions({ cache, idle: '10m' })
})
afterAll(() => cache.close())

it('sessions on a Cluster are created, changed, rotated and destroyed', async () => {
  const { token, session } = await sessions.create({ data: { a: 1, b: 2 } })
  expect(await sessions.commit(session, { a: undefined, c: 3 })).toBe(true)
  const next = (await sessions.rotate(token, { userId: 'ada-lovelace' })) ?? ''
  expect(await sessions.load(token)).toBeUndefined()
  expect(await sessions.load(next)).toMatchObject({
    id: session.id,
    userId: 'ada-lovelace',
    data: { b: 2, c: 3 },
  })
  expect(await sessions.refresh(next)).toBe(true)
  expect(await sessions.destroy(session.id)).toBe(true)
  expect(await sessions.load(next)).toBeUndefined()
  expect(await sessions.list('ada-lovelace')).toEqual([])
})

it("a user's sessions on a Cluster are listed and end together, in whatever slots they are", async () => {
  const mine = await Promise.all(
    Array.from({ length: 30 }, () => sessions.create({ userId: 'ada' })),
  )
  const other = await sessions.create({ userId: 'bob' })
  const listed = await sessions.list('ada')
  expect(listed.map(({ id }) => id).toSorted()).toEqual(
    mine.map(({ session }) => session.id).toSorted(),
  )
  expect(await sessions.destroyAll('ada')).toBe(30)
  for (const { token } of mine) expect(await sessions.load(token)).toBeUndefined()
  expect(await sessions.load(other.token)).toBeDefined()
  expect(await sessions.list('ada')).toEqual([])
})
