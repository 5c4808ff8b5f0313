import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SessionError } from '../src/index.ts'
import { memorySessions } from './memory-sessions.ts'

describe('a list of devices', () => {
  it('tells where each session signed in, when, and when it was used last', async () => {
    const { sessions, clock } = memorySessions()
    const device = { address: '203.0.113.9', userAgent: 'Lynx/2.9' }
    const { token } = await sessions.create({ device })
    clock.advance('1h')
    const next = await sessions.rotate(token, {
      userId: 'ada',
      device: { userAgent: 'x'.repeat(999) },
    })
    const signedInAt = clock.now()
    clock.advance('3h')
    await sessions.load(next ?? '')
    const [listed] = await sessions.list('ada')
    expect(listed).toMatchObject({
      userId: 'ada',
      device: { address: '203.0.113.9', userAgent: 'x'.repeat(256) },
      authenticatedAtMs: signedInAt,
      createdAtMs: signedInAt - 3_600_000,
      lastSeenAtMs: clock.now(),
    })
    expect((await sessions.load(next ?? ''))?.device).toEqual(listed?.device)
  })
})

describe('ending all sessions of a user', () => {
  it('spares the one that it is told to', async () => {
    const { sessions } = memorySessions()
    const own = await sessions.create({ userId: 'ada' })
    for (let at = 0; at < 3; at++) await sessions.create({ userId: 'ada' })
    expect(await sessions.destroyAll('ada', { except: own.session.id })).toBe(3)
    expect((await sessions.list('ada')).map(({ id }) => id)).toEqual([own.session.id])
    expect(await sessions.load(own.token)).toBeDefined()
  })

  it.each(['create', 'rotate'] as const)(
    'wins against a sign-in by %s that is under way',
    async (how) => {
      const { sessions, hooks, clock, keys } = memorySessions()
      const visitor = await sessions.create()
      let ended = 0
      // The record is written, and not listed yet.
      hooks.before = async (operation) => {
        if (operation !== 'index-add') return
        hooks.before = async () => undefined
        clock.advance(5)
        ended = await sessions.destroyAll('ada')
      }
      const signingIn =
        how === 'create'
          ? sessions.create({ userId: 'ada' })
          : sessions.rotate(visitor.token, { userId: 'ada' })
      await expect(signingIn).rejects.toThrow(SessionError)
      await expect(signingIn).rejects.toMatchObject({ code: 'SLUICE_SESSION_REVOKED', status: 401 })
      expect(ended).toBe(0)
      expect(await sessions.list('ada')).toEqual([])
      const left = await keys()
      expect(left.filter((key) => key.includes('#session:'))).toHaveLength(how === 'create' ? 1 : 0)
    },
  )

  it('wins against a write and a refresh that are under way', async () => {
    const { sessions, hooks } = memorySessions()
    const { token, session } = await sessions.create({ userId: 'ada' })
    hooks.before = async (operation) => {
      if (!['commit', 'load'].includes(operation)) return
      hooks.before = async () => undefined
      await sessions.destroyAll('ada')
    }
    expect(await sessions.commit(session, { theme: 'dark' })).toBe(false)
    expect(await sessions.refresh(token)).toBe(false)
  })

  it('does not stand in the way of the next sign-in', async () => {
    const { sessions, clock } = memorySessions()
    await sessions.create({ userId: 'ada' })
    await sessions.destroyAll('ada')
    const { token } = await sessions.create({ userId: 'ada' })
    clock.advance('1m')
    expect(await sessions.load(token)).toMatchObject({ userId: 'ada' })
    expect(await sessions.list('ada')).toHaveLength(1)
  })
})

describe('a limit of sessions a user', () => {
  it('ends the one that signed in longest ago, and counts none that have ended', async () => {
    const { sessions, clock } = memorySessions({ maxPerUser: 2, idle: '1h' })
    const tokens: string[] = []
    for (let at = 0; at < 4; at++) {
      clock.advance('1s')
      tokens.push((await sessions.create({ userId: 'ada' })).token)
    }
    const alive = await Promise.all(
      tokens.map(async (token) => (await sessions.load(token)) !== undefined),
    )
    expect(alive).toEqual([false, false, true, true])
    clock.advance('2h')
    await sessions.create({ userId: 'ada' })
    await sessions.create({ userId: 'ada' })
    expect(await sessions.list('ada')).toHaveLength(2)
  })

  it('refuses the next one where that is asked for, and leaves the visitor as it was', async () => {
    const { sessions } = memorySessions({ maxPerUser: 1, onTooMany: 'refuse' })
    const first = await sessions.create({ userId: 'ada' })
    const visitor = await sessions.create({ data: { cart: ['tea'] } })
    await expect(sessions.rotate(visitor.token, { userId: 'ada' })).rejects.toMatchObject({
      code: 'SLUICE_SESSION_LIMIT',
      status: 409,
    })
    expect((await sessions.load(visitor.token))?.data).toEqual({ cart: ['tea'] })
    // Signing in again to a session of one's own is no other session.
    expect(await sessions.rotate(first.token, { userId: 'ada' })).toBeDefined()
    await sessions.destroy(first.session.id)
    expect(await sessions.rotate(visitor.token, { userId: 'ada' })).toBeDefined()
  })

  it.each(['oldest', 'refuse'] as const)(
    'holds when many sign in at once (%s)',
    async (onTooMany) => {
      const { sessions } = memorySessions({ maxPerUser: 3, onTooMany })
      await Promise.allSettled(Array.from({ length: 10 }, () => sessions.create({ userId: 'ada' })))
      const left = (await sessions.list('ada')).length
      expect(left).toBeLessThanOrEqual(3)
      expect(left).toBeGreaterThan(0)
    },
  )
})

it('no index entry and no mark outlives the sessions that it is of, whatever their lives', async () => {
  const step = fc.record({
    do: fc.constantFrom('create', 'sign in', 'rotate', 'destroy', 'destroy all', 'list', 'wait'),
    user: fc.constantFrom('ada', 'bob'),
    at: fc.nat(5),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { sessions, clock, keys } = memorySessions({
        idle: '10m',
        absolute: '1h',
        maxPerUser: 3,
      })
      const tokens: string[] = []
      for (const { do: what, user, at } of steps) {
        const token = tokens[at] ?? ''
        if (what === 'create') tokens.push((await sessions.create()).token)
        else if (what === 'sign in') tokens.push((await sessions.create({ userId: user })).token)
        else if (what === 'rotate')
          tokens.push((await sessions.rotate(token, { userId: user })) ?? '')
        else if (what === 'destroy') await sessions.destroy((await sessions.load(token))?.id ?? 'x')
        else if (what === 'destroy all') await sessions.destroyAll(user)
        else if (what === 'list') await sessions.list(user)
        else clock.advance(`${at + 1}m`)
        const live = await Promise.all(tokens.map((one) => sessions.load(one)))
        for (const one of ['ada', 'bob']) {
          const listed = (await sessions.list(one)).map(({ id }) => id)
          const signedIn = live.flatMap((session) => (session?.userId === one ? [session.id] : []))
          expect(new Set(listed)).toEqual(new Set(signedIn))
        }
      }
      clock.advance('61m')
      expect(await keys()).toEqual([])
    }),
    { numRuns: 100 },
  )
})
