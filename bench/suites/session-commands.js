import { commandsSent } from '../harness/commands-sent.js'
import { cookieOf, whileServing } from '../harness/serve.js'
import { expressApps, koaApps, routes } from '../harness/session-apps.js'
import { expectEqual } from '../harness/work.js'

export const title = 'Commands that are sent to Redis for a request'
export const unit = 'commands a request'
export const counted = true
export const floor = 'express-session, connect-redis'
export const columns = {
  'no cookie': 'commands',
  forged: 'commands',
  read: 'commands',
  write: 'commands',
  'sign-in': 'commands',
}
export const note =
  'A script of Sluice is one command that does several things. At a sign-in express-session and koa-session drop what the session held; Sluice keeps it, and lists the session under its user.'
export const budgets = Object.entries({ 'no cookie': 0, forged: 0, read: 1, write: 2 }).flatMap(
  ([column, atMost]) =>
    ['sluice, Express', 'sluice, Koa'].map((contender) => ({ contender, atMost, column })),
)

const count = 20

/** Each of the twenty requests of a kind has a session of its own, that another request began; one before has loaded scripts. */
async function commandsOf(get, path, cookieFor) {
  await get(path, await cookieFor(get))
  const cookies = await Promise.all(Array.from({ length: count }, () => cookieFor(get)))
  const ask = async () => {
    for (const cookie of cookies) expectEqual((await get(path, cookie)).status, 200)
  }
  return (await commandsSent(ask)) / count
}

const ofSession = async (get) => cookieOf(await get('/start'))

/** Names a session that was never issued: both halves of the cookie, the id and its signature, are changed. */
const forged = async (get) => (await ofSession(get)).replaceAll(/=.{12}/g, '=s%3AAAAAAAAA')

const contender = (app) => async () => ({
  handler: await app({
    '/untouched': routes.untouched,
    '/read': routes.read,
    '/write': routes.write,
    '/sign-in': routes.signIn,
  }),
})

export const measure = ({ handler }) =>
  whileServing(handler, async (get) => ({
    columns: {
      'no cookie': await commandsOf(get, '/untouched', async () => undefined),
      forged: await commandsOf(get, '/untouched', forged),
      read: await commandsOf(get, '/read', ofSession),
      write: await commandsOf(get, '/write', ofSession),
      'sign-in': await commandsOf(get, '/sign-in', ofSession),
    },
  }))

export const contenders = {
  'sluice, Express': contender(expressApps.sluice),
  'express-session, connect-redis': contender(expressApps['express-session, connect-redis']),
  'sluice, Koa': contender(koaApps.sluice),
  'koa-session, ioredis': contender(koaApps['koa-session, ioredis']),
}
