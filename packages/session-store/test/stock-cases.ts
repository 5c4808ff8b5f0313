import { httpApps } from '@sluice/testkit'
import { expressSessionStore } from '../src/express-session.ts'
import { koaSessionStore } from '../src/koa-session.ts'
import { called, expressApp, koaApp, stockSessionOf } from './stock-sessions.ts'
import { casesOf, type StockCase } from './stock-suite.ts'

/** Our store behind stock express-session. */
export const expressCases: readonly StockCase[] = casesOf(httpApps, 'express', (factory) => ({
  prefix: 'express-session',
  app: (cache, routes) => expressApp(factory, expressSessionStore({ cache }), routes),
  signOut: (context) => called((callback) => stockSessionOf(context).destroy(callback)),
  regenerate: (context) => called((callback) => stockSessionOf(context).regenerate(callback)),
}))

/** Our store behind stock koa-session. */
export const koaCases: readonly StockCase[] = casesOf(httpApps, 'koa', (factory) => ({
  prefix: 'koa-session',
  app: (cache, routes) => koaApp(factory, koaSessionStore({ cache }), routes),
  signOut: ({ request: context }) => void Reflect.set(context, 'session', null),
  async regenerate(context) {
    const session: unknown = stockSessionOf(context)
    await (session as { regenerate(): Promise<void> }).regenerate()
  },
}))
