import { httpApps } from '@sluice/testkit'
import { createSessions } from '@sluice/session-store'
import {
  requireSession as expressRequire,
  session as expressSession,
} from '@sluice/session-store/express'
import { requireSession as koaRequire, session as koaSession } from '@sluice/session-store/koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import {
  appWithSession,
  benchPerTest,
  cookieOf,
  routes,
  sessionApps,
  sessionOf,
  setCookies,
} from './fixtures.ts'

const b = benchPerTest()

describe.each(httpApps)('$name', (factory) => {
  const { options, app, signedIn } = sessionApps(factory, b)

  it('a visitor who stores nothing costs no command and gets no cookie', async () => {
    const response = await request(app()).get('/who').expect(200, { isNew: true })
    expect(setCookies(response)).toEqual([])
    expect(response.headers['cache-control']).toBeUndefined()
    expect(b.watched.ran).toEqual([])
  })

  it('what is assigned is there on the next request, for one command, and two when it changes', async () => {
    const listener = app()
    const first = await request(listener)
      .post('/set')
      .send({ cart: ['tea'] })
      .expect(200)
    expect(b.watched.ran).toEqual(['create'])
    const cookie = cookieOf(first) ?? ''
    b.watched.ran.length = 0
    const second = await request(listener).get('/').set('cookie', cookie)
    expect(second.body).toEqual({ cart: ['tea'] })
    expect(setCookies(second)).toEqual([])
    expect(b.watched.ran).toEqual(['load'])
    await request(listener).post('/set').set('cookie', cookie).send({ a: 1 })
    expect(b.watched.ran).toEqual(['load', 'load', 'commit'])
    b.watched.ran.length = 0
    await request(listener).post('/set').set('cookie', cookie).send({ a: 1 })
    expect(b.watched.ran).toEqual(['load'])
  })

  it('a change deep inside an attribute is seen', async () => {
    const listener = app()
    const profile = { name: 'Ada', tags: ['old'] }
    const cookie = cookieOf(await request(listener).post('/set').send({ profile })) ?? ''
    await request(listener).post('/nested').set('cookie', cookie)
    const { body } = await request(listener).get('/').set('cookie', cookie)
    expect(body).toEqual({ profile: { name: 'Ada', tags: ['old', 'new'] } })
  })

  it('what is deleted, or assigned undefined, is gone on the next request', async () => {
    const listener = app({
      'POST /delete': (context) => {
        delete sessionOf(context).a
        sessionOf(context).b = undefined
        return 'deleted'
      },
    })
    const cookie = cookieOf(await request(listener).post('/set').send({ a: 1, b: 2, c: 3 })) ?? ''
    await request(listener).post('/delete').set('cookie', cookie)
    await request(listener).get('/').set('cookie', cookie).expect(200, { c: 3 })
  })

  it('what save() has written is not written again', async () => {
    const listener = app({
      'POST /save': async (context) => {
        Object.assign(sessionOf(context), { a: 2, b: undefined })
        return String(await sessionOf(context).save())
      },
    })
    const cookie = cookieOf(await request(listener).post('/set').send({ a: 1, b: 1 })) ?? ''
    b.watched.ran.length = 0
    await request(listener).post('/save').set('cookie', cookie).expect(200, 'true')
    expect(b.watched.ran).toEqual(['load', 'commit'])
  })

  it('signing in keeps attributes, changes the cookie, and kills the one from before', async () => {
    const listener = app()
    const before =
      cookieOf(
        await request(listener)
          .post('/set')
          .send({ cart: ['tea'] }),
      ) ?? ''
    b.watched.ran.length = 0
    const response = await request(listener).post('/sign-in?user=ada').set('cookie', before)
    expect(b.watched.ran).toEqual(['load', 'rotate', 'index-add'])
    const after = cookieOf(response) ?? ''
    expect(after).not.toBe(before)
    const { body } = await request(listener).get('/').set('cookie', after)
    expect(body).toEqual({ cart: ['tea'], count: 1 })
    await request(listener).get('/who').set('cookie', before).expect(200, { isNew: true })
    const who = await request(listener).get('/who').set('cookie', after)
    expect(who.body).toMatchObject({ isNew: false, userId: 'ada' })
    const sessions = createSessions({ cache: b.cache })
    expect((await sessions.list('ada')).map(({ id }) => id)).toEqual([who.body.id])
  })

  it('signing in as somebody else starts an empty session and ends the other one', async () => {
    const listener = app()
    const ada = await signedIn(listener)
    await request(listener)
      .post('/set')
      .set('cookie', ada)
      .send({ cart: ['hers'] })
    const response = await request(listener).post('/sign-in?user=bob').set('cookie', ada)
    const bob = cookieOf(response) ?? ''
    await request(listener).get('/').set('cookie', bob).expect(200, {})
    const sessions = createSessions({ cache: b.cache })
    expect(await sessions.list('ada')).toEqual([])
    expect(await sessions.list('bob')).toHaveLength(1)
  })

  it('rotating kills the cookie from before, after a grace, and keeps the rest', async () => {
    const listener = app()
    const before = await signedIn(listener)
    const response = await request(listener).post('/rotate').set('cookie', before)
    expect(response.text).toBe('true')
    expect((await request(listener).get('/who').set('cookie', before)).body.userId).toBe('ada')
    b.clock.advance('10s')
    await request(listener).get('/who').set('cookie', before).expect(200, { isNew: true })
    const { body } = await request(listener)
      .get('/who')
      .set('cookie', cookieOf(response) ?? '')
    expect(body.userId).toBe('ada')
    expect((await request(listener).post('/rotate')).text).toBe('true')
  })

  it('signing out ends the session and takes the cookie back with the same attributes', async () => {
    const listener = app()
    const cookie = await signedIn(listener)
    const response = await request(listener).post('/sign-out').set('cookie', cookie)
    expect(setCookies(response)).toEqual(['id=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax'])
    expect(response.headers['cache-control']).toBe('no-store')
    await request(listener).get('/who').set('cookie', cookie).expect(200, { isNew: true })
    expect(await b.keys('session')).toEqual([])
    expect(await b.keys('session-user')).toEqual([])
  })

  it('what is assigned after signing out starts a new session', async () => {
    const listener = app({
      'POST /farewell': async (context) => {
        await sessionOf(context).destroy()
        sessionOf(context).a = 'bye'
        return 'ok'
      },
    })
    const cookie = await signedIn(listener)
    const next = cookieOf(await request(listener).post('/farewell').set('cookie', cookie)) ?? ''
    expect(next).not.toBe(cookie)
    await request(listener).get('/').set('cookie', next).expect(200, { a: 'bye' })
  })

  it('an attribute that cannot be stored is an error and not a half-saved session', async () => {
    const listener = app({
      'POST /bad': (context) => {
        sessionOf(context).a = () => 'a function'
        return 'never told'
      },
    })
    await request(listener).post('/bad').expect(500)
    expect(await b.keys('session')).toEqual([])
  })

  it('the controls cannot be overwritten, printed or turned into JSON', async () => {
    const listener = app({
      'GET /show': async (context) => {
        const session = sessionOf(context)
        const { inspect } = await import('node:util')
        const overwrite = (): void => void Object.assign(session, { userId: 'root' })
        expect(overwrite).toThrow(TypeError)
        expect(() => Object.assign(context.request, { session: {} })).toThrow(TypeError)
        return { keys: Object.keys(session), shown: inspect(session, { showHidden: true }) }
      },
    })
    const cookie = await signedIn(listener)
    const [, value = ''] = cookie.split('=')
    const { body } = await request(listener).get('/show').set('cookie', cookie)
    expect(body.keys).toEqual(['count'])
    for (const part of value.split('.')) expect(body.shown).not.toContain(part)
  })

  it('requireSession() answers 401 without a stored session, or without a user where it asks for one', async () => {
    const guarded = {
      'GET /stored': {
        express: [expressRequire()],
        koa: [koaRequire()],
        handle: () => 'let in',
      },
      'GET /account': {
        express: [expressRequire({ signedIn: true })],
        koa: [koaRequire({ signedIn: true })],
        handle: () => 'let in',
      },
    }
    const { listener } = appWithSession(factory, options(), { ...routes, ...guarded })
    const refusal = { error: 'Invalid or expired session' }
    await request(listener).get('/stored').expect(401, refusal)
    await request(listener).get('/account').expect(401, refusal)
    const visitor = cookieOf(await request(listener).post('/set').send({ a: 1 })) ?? ''
    await request(listener).get('/stored').set('cookie', visitor).expect(200, 'let in')
    await request(listener).get('/account').set('cookie', visitor).expect(401, refusal)
    const user = await signedIn(listener)
    await request(listener).get('/account').set('cookie', user).expect(200, 'let in')
    b.clock.advance('10m')
    await request(listener).get('/account').set('cookie', user).expect(401, refusal)
    await request(listener).get('/stored').set('cookie', visitor).expect(401, refusal)
  })

  it('requireSession() without session() is an error that says so', async () => {
    const bare = factory.create({ express: [expressRequire()], koa: [koaRequire()], routes })
    await request(bare.listener).get('/').expect(500)
    expect(bare.errors).toEqual([expect.objectContaining({ code: 'SLUICE_SESSION_NOT_MOUNTED' })])
  })

  it('session() twice on the way of one request is session() once', async () => {
    const twice = appWithSession(factory, options(), routes, {
      express: [expressSession(options())],
      koa: [koaSession(options())],
    })
    const first = await request(twice.listener).post('/set').send({ a: 1 })
    expect(setCookies(first)).toHaveLength(1)
    expect(b.watched.ran).toEqual(['create'])
  })
})
