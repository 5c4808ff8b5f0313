import { spawnSync } from 'node:child_process'
import { inspect } from 'node:util'
import { StoreUnavailableError, traceNames } from '@sluice/core'
import { httpApps, listen } from '@sluice/testkit'
import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import {
  benchPerTest,
  heardFailures,
  cookieOf,
  secret,
  sessionApps,
  sessionOf,
  setCookies,
} from './fixtures.ts'

const b = benchPerTest()

/** What opens a session, or signs one: the cookie's value, and its handle, secret and signature. */
function secretsIn(cookies: readonly string[]): string[] {
  const values = cookies.map((cookie) => cookie.split('=')[1] ?? '')
  const parts = values.flatMap((value) => value.split('.'))
  return [secret, ...values, ...parts].filter((text) => text.length > 20)
}

describe.each(httpApps)('what opens a session on $name', (factory) => {
  const { app, signedIn } = sessionApps(factory, b)

  it('is in no error, report, trace, warning or print of the session', async () => {
    using heard = heardFailures()
    using traced = listen(traceNames())
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const said: string[] = []
    let id = ''
    const say = (what: unknown): void => {
      said.push(inspect(what, { showHidden: true, depth: 20, getters: true }))
    }
    const listener = app(
      {
        'POST /all': async (context) => {
          const session = sessionOf(context)
          say(session)
          id = String(session.id)
          expect(inspect(session) + JSON.stringify(session)).not.toContain(id)
          await session.rotate()
          say(session)
          session.a = () => 'cannot be stored'
          say(await session.save().catch((error: unknown) => error))
          delete session.a
          context.raw.res.write('begun')
          await vi.waitFor(() => expect(context.raw.res.socket?.bytesWritten).toBeGreaterThan(0))
          say(await session.rotate().catch((error: unknown) => error))
          b.watched.away = true
          say(await session.update('count', () => 2).catch((error: unknown) => error))
          b.watched.away = false
          session.b = 'late'
          await session.destroy()
          context.raw.res.end()
        },
        'POST /fail': (context) => {
          sessionOf(context).a = 1
          b.watched.away = true
          return 'never told'
        },
      },
      { cookie: { secure: true } },
    )
    const cookie = await signedIn(listener)
    const second = await request(listener).post('/all').set('cookie', cookie)
    const third = await signedIn(listener)
    say((await request(listener).post('/fail').set('cookie', third)).text)
    const away = await request(listener).get('/').set('cookie', third)
    say([away.text, away.headers])
    say([heard.failures, traced.told, warn.mock.calls])
    warn.mockRestore()
    const text = said.join('\n')
    expect(text).toContain(StoreUnavailableError.name)
    expect(JSON.stringify([heard.failures, traced.told]) + inspect(heard.failures)).not.toContain(
      id,
    )
    expect(text).toContain('SLUICE_WARN_SECURE_COOKIE')
    const cookies = [cookie, third, ...setCookies(second), cookieOf(second) ?? '']
    for (const part of secretsIn(cookies)) expect(text).not.toContain(part)
  })
})

/** Runs on the built package: Node reads NODE_DEBUG when it starts. */
const script = `
  import { createCache } from '@sluice/core'
  import { session } from '@sluice/session-store/koa'
  import Koa from 'koa'
  const cache = createCache()
  const app = new Koa()
  app.use(session({ cache, secret: '${secret}' }))
  app.use(async (ctx) => {
    ctx.body = 'ok'
    if (ctx.path === '/in') return ctx.session.signIn('ada')
    ctx.session.a = 1
    await cache.store.delete([cache.stateKey('session', ctx.session.id)])
  })
  const server = app.listen(0, '127.0.0.1', async () => {
    const url = 'http://127.0.0.1:' + server.address().port
    const cookie = (await fetch(url + '/in')).headers.get('set-cookie').split(';')[0]
    await (await fetch(url, { headers: { cookie } })).text()
    console.log(cookie)
    server.close()
    server.closeAllConnections()
  })`

it('what opens a session is not in what NODE_DEBUG=sluice prints', () => {
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
    env: { ...process.env, NODE_DEBUG: 'sluice' },
    encoding: 'utf8',
  })
  expect(run.stdout).toMatch(/^id=/)
  expect(run.stderr).toContain('session-store commit failed, dropped instead')
  for (const part of secretsIn([run.stdout.trim()])) expect(run.stderr).not.toContain(part)
})
