import { createCache, OptionError } from '@sluice/core'
import {
  createSessions,
  type CookieOptions,
  type SessionOptions,
  type SessionsOptions,
} from '@sluice/session-store'
import { session as expressSession, requireSession } from '@sluice/session-store/express'
import { session as koaSession } from '@sluice/session-store/koa'
import { httpApps } from '@sluice/testkit'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { appWithSession, otherSecret, secret, sessionOf, setCookies } from './fixtures.ts'

const cache = createCache()
const wrong = (options: object): SessionOptions => ({ cache, secret, ...options })

describe('an option that is given as undefined is as if it was not given', () => {
  const cookie: Record<keyof CookieOptions, undefined> = {
    name: undefined,
    secure: undefined,
    sameSite: undefined,
    domain: undefined,
    path: undefined,
    partitioned: undefined,
    priority: undefined,
  }
  const alone: Record<Exclude<keyof SessionsOptions, 'cache' | 'secret'>, undefined> = {
    idle: undefined,
    absolute: undefined,
    maxPerUser: undefined,
    onTooMany: undefined,
    rotationGrace: undefined,
    encrypt: undefined,
    cookie: undefined,
  }

  it('without HTTP', async () => {
    const sessions = createSessions({ cache, secret: undefined, ...alone })
    const unset = { userId: undefined, device: undefined }
    const { token } = await sessions.create({ data: undefined, ...unset })
    const rotated = await sessions.rotate(token, { keep: undefined, ...unset })
    expect(await sessions.load(rotated ?? '')).toMatchObject({ data: {} })
  })

  it.each(httpApps)('as middleware of $name', async (factory) => {
    const unset: Record<Exclude<keyof SessionOptions, 'cache' | 'secret'>, undefined> = {
      ...alone,
      onStoreError: undefined,
      onGone: undefined,
      lazy: undefined,
      skip: undefined,
      renewEvery: undefined,
      device: undefined,
    }
    const routes = {
      'POST /': (context: Parameters<typeof sessionOf>[0]) => {
        sessionOf(context).count = 1
        return 'ok'
      },
    }
    const parts = { cookie, device: { address: undefined, userAgent: undefined } }
    for (const options of [unset, { ...unset, ...parts }]) {
      const app = appWithSession(factory, { cache, secret, ...options }, routes)
      const [line] = setCookies(await request(app.listener).post('/'))
      expect(line).toMatch(/^id=[\w.-]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/)
    }
    requireSession({ signedIn: undefined, fresh: undefined })
  })
})

describe.each([
  ['Express', expressSession],
  ['Koa', koaSession],
])('session() for %s', (_, session) => {
  it.each([
    [{ secret: undefined }, /"secret".*32 bytes.*type undefined/],
    [{ secret: 'short' }, /"secret".*at least 32 bytes.*5 bytes/],
    [{ secret: [secret, 'short'] }, /5 bytes/],
    [{ secret: [] }, /empty list/],
    [{ secret: 12 }, /type number/],
    [{ idel: '1h' }, /session\(\) has no option "idel". Did you mean "idle"/],
    [{ idle: 'soon' }, /"idle"/],
    [{ idle: 0 }, /"idle"/],
    [{ absolute: '1h' }, /"absolute" .*not to be shorter than "idle"/],
    [{ idle: '60d' }, /"absolute" .*Raise "absolute"/],
    [{ cache: {} }, /"cache"/],
    [{ onStoreError: 'open' }, /'fail', 'anonymous'/],
    [{ cookie: { name: 'a b' } }, /"cookie.name"/],
    [{ cookie: { name: '__Host-id' } }, /"cookie.name".*by itself/],
    [{ cookie: { secure: 'yes' } }, /"cookie.secure"/],
    [{ cookie: { sekure: true } }, /Did you mean "secure"/],
    [{ cookie: { sameSite: 'no' } }, /"cookie.sameSite".*'lax', 'strict', 'none'/],
    [{ cookie: { sameSite: 'none', secure: false } }, /sameSite: 'none'.*browsers drop/],
    [{ cookie: { partitioned: true, secure: false } }, /partitioned: true.*browsers drop/],
    [{ cookie: { partitioned: 1 } }, /"cookie.partitioned"/],
    [{ cookie: { priority: 'top' } }, /"cookie.priority".*'low', 'medium', 'high'/],
    [{ cookie: { path: 'shop' } }, /"cookie.path".*begins with '\/'/],
    [{ cookie: { path: '/a;b' } }, /"cookie.path"/],
    [{ cookie: { domain: 'https://example.com' } }, /"cookie.domain".*without scheme/],
    [{ cookie: { domain: '' } }, /"cookie.domain"/],
    [{ onGone: 'recreate' }, /"onGone".*'drop', 'error'/],
    [{ lazy: 'yes' }, /"lazy"/],
    [{ skip: '/health' }, /"skip".*function/],
  ])('refuses %j and says what it expected', (options, message) => {
    expect(() => session(wrong(options))).toThrow(OptionError)
    expect(() => session(wrong(options))).toThrow(message)
  })

  it('never shows a secret in an error', () => {
    const shown = 'too-short-a-secret'
    expect(() => session(wrong({ secret: shown }))).not.toThrow(shown)
    expect(() => session(wrong({ secret: [secret, shown] }))).not.toThrow(shown)
  })

  it('takes secrets of 32 bytes, counted as UTF-8', () => {
    expect(() => session(wrong({ secret: 'ä'.repeat(16) }))).not.toThrow()
    expect(() => session(wrong({ secret: [secret, otherSecret] }))).not.toThrow()
  })

  it('is a named function', () => {
    expect(session(wrong({})).name).toBe('session')
  })
})

it('createSessions() and requireSession() refuse what they do not know', () => {
  expect(() => createSessions({ cache, lazy: true } as object)).toThrow(/no option "lazy"/)
  expect(() => requireSession({ signedin: true } as object)).toThrow(/Did you mean "signedIn"/)
  expect(() => requireSession({ signedIn: 'yes' } as object)).toThrow(OptionError)
  expect(() => requireSession({ fresh: 'now' } as object)).toThrow(/"fresh"/)
})
