import { describe, expect, it } from 'vitest'
import { memorySessions } from './memory-sessions.ts'

describe('a rotated token', () => {
  it('goes on opening its session for a short grace, for requests that are on their way', async () => {
    const { sessions, clock } = memorySessions()
    const { token } = await sessions.create({ data: { theme: 'dark' } })
    const next = (await sessions.rotate(token)) ?? ''
    clock.advance(9999)
    expect((await sessions.load(token))?.data).toEqual({ theme: 'dark' })
    expect(await sessions.rotate(token)).toBeUndefined()
    clock.advance(1)
    expect(await sessions.load(token)).toBeUndefined()
    expect(await sessions.load(next)).toBeDefined()
  })

  it('is dead at once where somebody signed in: it may be an attacker’s', async () => {
    const { sessions } = memorySessions()
    const { token } = await sessions.create()
    const first = (await sessions.rotate(token)) ?? ''
    const next = (await sessions.rotate(first, { userId: 'ada' })) ?? ''
    expect(await sessions.load(token)).toBeUndefined()
    expect(await sessions.load(first)).toBeUndefined()
    expect(await sessions.load(next)).toMatchObject({ userId: 'ada' })
  })

  it('has the grace that is asked for, or none', async () => {
    const none = memorySessions({ rotationGrace: 0 })
    const { token } = await none.sessions.create()
    await none.sessions.rotate(token)
    expect(await none.sessions.load(token)).toBeUndefined()
    const long = memorySessions({ rotationGrace: '1m' })
    const old = (await long.sessions.create()).token
    await long.sessions.rotate(old)
    long.clock.advance('59s')
    expect(await long.sessions.load(old)).toBeDefined()
  })

  it('two rotations later the first token is dead, whatever grace it had', async () => {
    const { sessions } = memorySessions()
    const { token } = await sessions.create()
    const second = (await sessions.rotate(token)) ?? ''
    await sessions.rotate(second)
    expect(await sessions.load(token)).toBeUndefined()
    expect(await sessions.load(second)).toBeDefined()
  })
})

describe('a rotation', () => {
  it('keeps all attributes and both deadlines', async () => {
    const { sessions, clock } = memorySessions({ idle: '1h', absolute: '2h' })
    const { token } = await sessions.create({ data: { theme: 'dark', count: 1 } })
    clock.advance('50m')
    const next = (await sessions.rotate(token)) ?? ''
    expect((await sessions.load(next))?.data).toEqual({ theme: 'dark', count: 1 })
    clock.advance('50m')
    await sessions.refresh(next)
    clock.advance('21m')
    expect(await sessions.load(next)).toBeUndefined()
  })

  it('keeps only what it is told to, in the same step, whoever wrote the rest', async () => {
    const { sessions } = memorySessions()
    const { token, session } = await sessions.create({ data: { theme: 'dark', count: 1 } })
    await sessions.commit(session, { cart: ['tea'] })
    const next = (await sessions.rotate(token, { keep: ['theme'] })) ?? ''
    expect((await sessions.load(next))?.data).toEqual({ theme: 'dark' })
    const bare = (await sessions.rotate(next, { keep: [] })) ?? ''
    expect((await sessions.load(bare))?.data).toEqual({})
  })
})
