import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { httpApps, redisUrl, uniquePrefix } from '@sluice/testkit'
import { afterAll, beforeEach } from 'vitest'
import { koaSessionStore } from '../src/koa-session.ts'
import { heldStore, koaApp, stockSessionOf, ttlsOf } from './stock-sessions.ts'
import { casesOf, stockSuite, type StockCase } from './stock-suite.ts'

const shared = redisStore({ url: redisUrl(), commandTimeout: '5s' })
afterAll(() => shared.close())
let prefix = ''
beforeEach(() => void (prefix = uniquePrefix('stock')))

const cases = casesOf(httpApps, 'koa', (factory): Omit<StockCase, 'name'> => ({
  prefix: 'koa-session',
  app: (cache, routes) => koaApp(factory, koaSessionStore({ cache }), routes),
  signOut: ({ request: context }) => void Reflect.set(context, 'session', null),
  async regenerate(context) {
    const session: unknown = stockSessionOf(context)
    await (session as { regenerate(): Promise<void> }).regenerate()
  },
}))

stockSuite(cases, () => {
  const held = heldStore(shared)
  const cache = createCache({ store: held.store, prefix })
  return { cache, held, ttls: () => ttlsOf(shared, `${prefix}*`) }
})
