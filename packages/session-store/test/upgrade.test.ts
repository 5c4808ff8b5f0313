import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSessions, type CookieOptions } from '@sluice/session-store'
import { httpApps } from '@sluice/testkit'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { appWithSession, benchPerTest, cookieOf, otherSecret, routes, secret } from './fixtures.ts'

const b = benchPerTest()
const [factory] = httpApps

/** A cookie as the middleware sets it. */
async function issued(cookie: CookieOptions, protocol: 'http' | 'https'): Promise<string> {
  if (factory === undefined) throw new Error('no app')
  const options = { cache: b.cache, secret, cookie }
  const { listener } = appWithSession(factory, options, routes, { trustProxy: true })
  const response = request(listener).post('/sign-in?user=ada').set('x-forwarded-proto', protocol)
  return cookieOf(await response) ?? ''
}

/** Who is signed in on a request, without any framework. */
async function userOf(message: IncomingMessage, cookie: CookieOptions = {}): Promise<string> {
  const sessions = createSessions({ cache: b.cache, secret: [otherSecret, secret], cookie })
  return (await sessions.load(message))?.userId ?? 'nobody'
}

/** Asks a real server for an upgrade and gives what it answers. */
async function upgrade(cookie: string): Promise<string> {
  await using server = createServer()
  server.on('upgrade', (message, socket) => {
    userOf(message).then((user) => {
      socket.end(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\nX-User: ${user}\r\n\r\n`,
      )
    }, socket.destroy.bind(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const headers = { connection: 'Upgrade', upgrade: 'echo', cookie }
  return await new Promise((resolve, reject) => {
    const client = httpRequest({ port, host: '127.0.0.1', headers })
    client.on('error', reject)
    client.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve(String(response.headers['x-user']))
    })
    client.end()
  })
}

describe('the session of a request that opens a WebSocket', () => {
  it('is found by the cookie of the middleware', async () => {
    expect(await upgrade(await issued({}, 'http'))).toBe('ada')
    expect(await upgrade(await issued({}, 'https'))).toBe('ada')
  })

  it('is not found by a forged cookie, for no command', async () => {
    const cookie = await issued({}, 'http')
    b.watched.ran.length = 0
    expect(await upgrade(`${cookie.slice(0, -1)}_`)).toBe('nobody')
    expect(await upgrade('theme=dark')).toBe('nobody')
    expect(b.watched.ran).toEqual([])
  })

  it('is never that of a plain cookie beside a Secure one, over TLS, or where it must be Secure', async () => {
    const plain = await issued({}, 'http')
    const message = (cookie: string, socket: object = {}) =>
      ({ headers: { cookie }, socket }) as IncomingMessage
    expect(await userOf(message(plain))).toBe('ada')
    expect(await userOf(message(plain, { encrypted: true }))).toBe('nobody')
    expect(await userOf(message(plain), { secure: true })).toBe('nobody')
    const secure = await issued({}, 'https')
    await createSessions({ cache: b.cache }).destroyAll('ada')
    const planted = await issued({}, 'http')
    expect(await userOf(message(`${planted}; ${secure}`))).toBe('nobody')
    expect(await userOf(message(planted), { secure: false })).toBe('ada')
  })
})
