import { KeyError, OptionError, ValueError } from '@sluice/core'
import { createSessions, type Sessions } from '@sluice/session-store'
import { beforeEach, describe, expect, it } from 'vitest'
import { create } from '../src/operations/create.ts'
import { rotate } from '../src/operations/rotate.ts'
import { bench, type Bench, type TestData } from './fixtures.ts'

let b: Bench
let sessions: Sessions<TestData>
beforeEach(() => {
  b = bench()
  sessions = createSessions<TestData>({ cache: b.cache, idle: '10m', absolute: '60m' })
})

describe('a session', () => {
  it('comes back as it was stored, for its token alone', async () => {
    const cart = ['tea', 'cups']
    const created = await sessions.create({ userId: 'ada', data: { cart, a: new Date(5) } })
    const { token } = created
    const now = b.clock.now()
    const expected = {
      id: created.session.id,
      userId: 'ada',
      device: {},
      authenticatedAtMs: now,
      data: { cart, a: new Date(5) },
      createdAtMs: now,
      lastSeenAtMs: now,
      expiresAtMs: now + 600_000,
    }
    expect(created.session).toEqual(expected)
    expect(await sessions.load(token)).toEqual(expected)
    const [handle, keySecret] = token.split('.')
    expect(await sessions.load(`${handle}.${'A'.repeat(keySecret?.length ?? 0)}`)).toBeUndefined()
    expect(await sessions.load(created.session.id)).toBeUndefined()
  })

  it('is a hash with a ttl, in which neither the token nor a part of it can be read', async () => {
    const { token } = await sessions.create({ userId: 'ada', data: { count: 1 } })
    const [key = ''] = await b.keys('session')
    const found = await b.watched.store.run(
      {
        name: 'test.dump',
        lua: '',
        prelude: '',
        readOnly: true,
        keys: () => [key],
        argv: () => [],
        memory: (view) => [view.hGetAll(key), view.pTtl(key)],
        reply: (raw) => JSON.stringify(raw),
      },
      {},
    )
    expect(found).toContain('data:count')
    expect(found).toContain('600000')
    for (const part of token.split('.')) expect(key + found).not.toContain(part)
  })

  it('keeps attributes whose names are those of its own fields', async () => {
    const odd = createSessions<Record<string, unknown>>({ cache: b.cache })
    const data = { user: 'x', secret: 'y', idleEnd: 1, 'data:user': 2, created: null, '': 0 }
    const { token } = await odd.create({ data })
    expect((await odd.load(token))?.data).toEqual(data)
    expect((await odd.load(token))?.userId).toBeUndefined()
  })

  it('has 128 random bits of handle and 256 of secret, and an id that gives neither away', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => sessions.create()))
    const parts = all.flatMap(({ token }) => token.split('.'))
    expect(new Set(parts).size).toBe(100)
    for (const { token, session } of all) {
      expect(token).toMatch(/^[\w-]{22}\.[\w-]{43}$/)
      expect(token).not.toContain(session.id)
    }
  })

  it('refuses what cannot be stored, and what has the name of a control, before anything is written', async () => {
    await expect(sessions.create({ data: { a: () => 1 } })).rejects.toThrow(ValueError)
    await expect(sessions.create({ data: { a: () => 1 } })).rejects.toThrow(/attribute "a"/)
    const odd = createSessions<Record<string, unknown>>({ cache: b.cache })
    await expect(odd.create({ data: { id: 1 } })).rejects.toThrow(OptionError)
    await expect(odd.create({ data: JSON.parse('{"__proto__":1}') })).rejects.toThrow(OptionError)
    await expect(sessions.create({ userId: '' })).rejects.toThrow(KeyError)
    await expect(sessions.create({ userId: 'x'.repeat(2000) })).rejects.toThrow(KeyError)
    expect(b.watched.ran).toEqual([])
  })
})

describe('deadlines', () => {
  it('a session that is not used ends after idle, by the clock of the store', async () => {
    const { token } = await sessions.create()
    b.clock.advance(599_999)
    expect(await sessions.load(token)).toBeDefined()
    b.clock.advance(600_000)
    expect(await sessions.load(token)).toBeUndefined()
  })

  it('use moves the idle deadline only when it has drifted past a tenth', async () => {
    const { token, session } = await sessions.create()
    b.clock.advance(60_000)
    expect((await sessions.load(token))?.expiresAtMs).toBe(session.expiresAtMs)
    b.clock.advance(1)
    const slid = await sessions.load(token)
    expect(slid?.expiresAtMs).toBe(b.clock.now() + 600_000)
    expect(slid?.lastSeenAtMs).toBe(b.clock.now())
    expect(b.watched.ran).toEqual(['create', 'load', 'load'])
  })

  it('refresh moves it at once, and does not bring a session back', async () => {
    const { token } = await sessions.create()
    b.clock.advance('30s')
    expect(await sessions.refresh(token)).toBe(true)
    b.clock.advance(599_999)
    expect(await sessions.refresh(token)).toBe(true)
    b.clock.advance(600_000)
    expect(await sessions.refresh(token)).toBe(false)
    expect(await sessions.refresh('nonsense')).toBe(false)
  })

  it('a session in constant use ends at its absolute deadline, rotated or not', async () => {
    let { token } = await sessions.create()
    for (let minutes = 5; minutes < 60; minutes += 5) {
      b.clock.advance('5m')
      expect(await sessions.load(token)).toBeDefined()
      token = (await sessions.rotate(token)) ?? ''
    }
    b.clock.advance(299_999)
    const last = await sessions.load(token)
    expect(last?.expiresAtMs).toBe(b.clock.now() + 1)
    b.clock.advance(1)
    expect(await b.keys('session')).toEqual([])
    expect(await sessions.load(token)).toBeUndefined()
  })

  it('hold for every operation: what has ended is neither read, written, rotated nor listed', async () => {
    const { token, session } = await sessions.create({ userId: 'ada', data: { a: 1 } })
    b.clock.advance('10m')
    expect(await sessions.commit(session, { a: 2 })).toBe(false)
    expect(await sessions.rotate(token)).toBeUndefined()
    expect(await sessions.list('ada')).toEqual([])
    expect(await sessions.destroy(session.id)).toBe(false)
    expect(await sessions.load(token)).toBeUndefined()
  })
})

describe('commit', () => {
  it('writes some attributes, removes some, and leaves the others to others', async () => {
    const { token, session } = await sessions.create({ data: { a: 1, b: 2 } })
    await Promise.all([
      sessions.commit(session, { a: 10 }),
      sessions.commit(session, { b: undefined }),
      sessions.commit(session, { c: 30 }),
    ])
    expect((await sessions.load(token))?.data).toEqual({ a: 10, c: 30 })
  })

  it('does not bring back a session that was destroyed', async () => {
    const { token, session } = await sessions.create({ data: { a: 1 } })
    expect(await sessions.destroy(session.id)).toBe(true)
    expect(await sessions.commit(session, { a: 2 })).toBe(false)
    expect(await sessions.load(token)).toBeUndefined()
    expect(await b.keys('session')).toEqual([])
  })

  it('of a writer from before a sign-in does not reach the session of who signed in', async () => {
    const { token, session } = await sessions.create()
    const next = (await sessions.rotate(token, { userId: 'ada' })) ?? ''
    expect(await sessions.commit(session, { a: 'planted' })).toBe(false)
    expect((await sessions.load(next))?.data).toEqual({})
  })
})

describe('rotation', () => {
  it('kills the old token after a grace, and keeps attributes, id, user and deadlines', async () => {
    const { token, session } = await sessions.create({ userId: 'ada', data: { a: 1 } })
    b.clock.advance('20s')
    const next = (await sessions.rotate(token)) ?? ''
    b.clock.advance('10s')
    expect(await sessions.load(token)).toBeUndefined()
    expect(await sessions.load(next)).toEqual(session)
    expect(await sessions.rotate(token)).toBeUndefined()
  })

  it('twice at a time gives one token, which is alive', async () => {
    const { token } = await sessions.create()
    const tokens = await Promise.all([sessions.rotate(token), sessions.rotate(token)])
    const issued = tokens.filter((one) => one !== undefined)
    expect(issued).toHaveLength(1)
    expect(await sessions.load(issued[0] ?? '')).toBeDefined()
  })

  it('signs a visitor in, and never hands a session from one user to another', async () => {
    const { token, session } = await sessions.create({ data: { a: 1 } })
    const asAda = (await sessions.rotate(token, { userId: 'ada' })) ?? ''
    expect(await sessions.load(asAda)).toMatchObject({ userId: 'ada', data: { a: 1 } })
    expect((await sessions.list('ada')).map(({ id }) => id)).toEqual([session.id])
    expect(await sessions.rotate(asAda, { userId: 'bob' })).toBeUndefined()
    expect((await sessions.load(asAda))?.userId).toBe('ada')
  })
})

describe('a command that is sent twice', () => {
  const key = 'test#session:{x}'
  const lives = { idleMs: 600_000, absoluteMs: 3_600_000, device: {} }

  it('creates once, and another creation does not take its place', async () => {
    const { store } = b.watched
    const args = { key, secretHash: 'one', user: 'ada', ...lives, texts: new Map([['a', '1']]) }
    const first = await store.run(create, args)
    b.clock.advance('1s')
    expect(await store.run(create, args)).toEqual(first)
    expect(await store.run(create, { ...args, secretHash: 'two' })).toBeUndefined()
  })

  it('rotates once', async () => {
    const { store } = b.watched
    await store.run(create, { key, secretHash: 'one', user: '', ...lives, texts: new Map() })
    const asked = { user: '', graceMs: 0, device: {}, texts: new Map() }
    const args = { key, secretHash: 'one', nextSecretHash: 'two', ...asked }
    const first = await store.run(rotate, args)
    expect(first).toBeDefined()
    expect(await store.run(rotate, args)).toEqual(first)
    expect(await store.run(rotate, { ...args, nextSecretHash: 'three' })).toBeUndefined()
  })
})

describe('input that is no token', () => {
  it.each(['', 'x', 'a.b', `${'a'.repeat(22)}.${'b'.repeat(44)}`, 'a'.repeat(100_000)])(
    'costs no command',
    async (text) => {
      expect(await sessions.load(text)).toBeUndefined()
      expect(await sessions.rotate(text)).toBeUndefined()
      expect(b.watched.ran).toEqual([])
    },
  )
})
