import { KeyError } from '@sluice/core'
import { createSessions, type Sessions } from '@sluice/session-store'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { bench, type Bench, type TestData } from './fixtures.ts'

let b: Bench
let sessions: Sessions<TestData>
beforeEach(() => {
  b = bench()
  sessions = createSessions<TestData>({ cache: b.cache, idle: '10m', absolute: '60m' })
})

describe("a user's sessions", () => {
  it('are listed, last used first, without counting as use', async () => {
    const first = await sessions.create({ userId: 'ada' })
    b.clock.advance('2m')
    const second = await sessions.create({ userId: 'ada' })
    await sessions.create({ userId: 'bob' })
    await sessions.create()
    b.clock.advance('2m')
    await sessions.load(first.token)
    const listed = await sessions.list('ada')
    expect(listed.map(({ id }) => id)).toEqual([first.session.id, second.session.id])
    expect(listed[1]).toEqual({
      id: second.session.id,
      userId: 'ada',
      device: {},
      authenticatedAtMs: second.session.createdAtMs,
      createdAtMs: second.session.createdAtMs,
      lastSeenAtMs: second.session.createdAtMs,
      expiresAtMs: second.session.expiresAtMs,
    })
  })

  it('end together, those of others stay, and the cost does not depend on others', async () => {
    const mine = await Promise.all([1, 2, 3].map(() => sessions.create({ userId: 'ada' })))
    const others = await Promise.all([1, 2, 3].map(() => sessions.create({ userId: 'bob' })))
    b.watched.ran.length = 0
    expect(await sessions.destroyAll('ada')).toBe(3)
    expect(b.watched.ran).toEqual(['index-revoke', 'delete', 'index-remove'])
    for (const { token } of mine) expect(await sessions.load(token)).toBeUndefined()
    for (const { token } of others) expect(await sessions.load(token)).toBeDefined()
    expect(await sessions.destroyAll('ada')).toBe(0)
    expect(await sessions.list('ada')).toEqual([])
  })

  it('that ended by themselves leave the index when it is read', async () => {
    const { session } = await sessions.create({ userId: 'ada' })
    b.clock.advance('10m')
    b.watched.ran.length = 0
    expect(await sessions.list('ada')).toEqual([])
    expect(b.watched.ran).toEqual(['index-read', 'inspect', 'index-remove'])
    expect(await b.keys('session-user')).toEqual([])
    expect(await sessions.destroy(session.id)).toBe(false)
  })

  it('that could not be listed are handed to nobody', async () => {
    const { token } = await sessions.create()
    b.watched.before = (name) => {
      if (name === 'index-add') throw new Error('lost on the way')
    }
    await expect(sessions.create({ userId: 'ada' })).rejects.toThrow('lost on the way')
    await expect(sessions.rotate(token, { userId: 'ada' })).rejects.toThrow('lost on the way')
    expect(await sessions.load(token)).toBeUndefined()
  })

  it('refuse a name that cannot be a user', async () => {
    await expect(sessions.list('')).rejects.toThrow(KeyError)
    await expect(sessions.destroyAll('')).rejects.toThrow(KeyError)
  })

  it('leave nothing behind, whatever their lives were, and every live one is listed meanwhile', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('create' as const), user: fc.constantFrom('ada', 'bob') }),
      fc.record({ do: fc.constantFrom('destroy', 'rotate', 'load'), at: fc.nat(20) }),
      fc.record({ do: fc.constant('destroyAll' as const), user: fc.constantFrom('ada', 'bob') }),
      fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1000, 400_000) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const own = bench()
        const subject = createSessions({ cache: own.cache, idle: '10m', absolute: '60m' })
        const issued: { token: string; id: string; user: string }[] = []
        for (const one of steps) {
          if ('user' in one && one.do === 'create') {
            const { token, session } = await subject.create({ userId: one.user })
            issued.push({ token, id: session.id, user: one.user })
          } else if ('user' in one) await subject.destroyAll(one.user)
          else if ('ms' in one) own.clock.advance(one.ms)
          else {
            const target = issued[one.at]
            if (target === undefined) continue
            if (one.do === 'destroy') await subject.destroy(target.id)
            if (one.do === 'load') await subject.load(target.token)
            if (one.do === 'rotate') {
              target.token = (await subject.rotate(target.token)) ?? target.token
            }
          }
          for (const user of ['ada', 'bob']) {
            const listed = (await subject.list(user)).map(({ id }) => id)
            const keys = await own.keys('session')
            const live = issued.filter(
              ({ id, user: owner }) => owner === user && keys.some((key) => key.includes(id)),
            )
            expect(listed.toSorted()).toEqual(live.map(({ id }) => id).toSorted())
          }
        }
        own.clock.advance('60m')
        expect([...(await own.keys('session')), ...(await own.keys('session-user'))]).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})
