import type { Cache } from '@sluice/core'
import type { HttpApp, HttpAppFactory, RouteContext, RouteHandler } from '@sluice/testkit'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { attributesOf, cookiesOf, stockSessionOf, type HeldStore } from './stock-sessions.ts'

/** One stock middleware in one framework. */
export interface StockCase {
  readonly name: string
  /** Where its keys end. */
  readonly prefix: string
  app(cache: Cache, routes: Record<string, RouteHandler>): HttpApp
  signOut(context: RouteContext): Promise<void> | void
  /** Another id for the session; the attributes need not stay. */
  regenerate(context: RouteContext): Promise<void>
}

/** What a case runs on. */
export interface StockBench {
  readonly cache: Cache
  readonly held: HeldStore
  /** All keys, with what is left of their lives in ms. */
  ttls(): Promise<Map<string, number>>
}

/** The cases of one framework. */
export function casesOf(
  factories: readonly HttpAppFactory[],
  framework: string,
  more: (factory: HttpAppFactory) => Omit<StockCase, 'name'>,
): StockCase[] {
  return factories
    .filter((factory) => factory.framework === framework)
    .map((factory) => ({ name: factory.name, ...more(factory) }))
}

/** What a stock middleware promises on one of our stores and on no other. */
export function stockSuite(cases: readonly StockCase[], bench: () => StockBench): void {
  describe.each(cases)('behind the stock middleware on $name', (stock) => {
    const setUp = () => {
      const b = bench()
      const app = stock.app(b.cache, {
        'GET /': attributesOf,
        'POST /set': (context) => {
          Object.assign(stockSessionOf(context), context.body)
          return 'set'
        },
        'POST /remove': (context) => {
          delete stockSessionOf(context)[String(context.query.get('name'))]
          return 'removed'
        },
        'POST /sign-out': async (context) => {
          await stock.signOut(context)
          return 'signed out'
        },
        'POST /regenerate': async (context) => {
          await stock.regenerate(context)
          stockSessionOf(context)['after'] = true
          return 'regenerated'
        },
      })
      const post = (path: string, cookie: string, body: object = {}) =>
        request(app.listener).post(path).set('cookie', cookie).send(body)
      const read = async (cookie: string) =>
        (await request(app.listener).get('/').set('cookie', cookie).expect(200)).body
      const begin = async (body: object = { user: 'ada' }) =>
        cookiesOf(await request(app.listener).post('/set').send(body).expect(200))
      return { ...b, app, begin, post, read }
    }

    it('four parallel requests keep each other’s attributes', async () => {
      const { begin, held, post, read } = setUp()
      const cookie = await begin()
      held.holdUntil('commit', 4)
      const names = ['a', 'b', 'c', 'd']
      await Promise.all(names.map((name) => post('/set', cookie, { [name]: 1 }).expect(200)))
      held.holdUntil('none', 1)
      expect(await read(cookie)).toEqual({ user: 'ada', a: 1, b: 1, c: 1, d: 1 })
    })

    it('a nested change and a removal arrive, and a request that is behind undoes neither', async () => {
      const { begin, held, post, read } = setUp()
      const cookie = await begin({ cart: { items: ['tea'] }, gone: true })
      const { held: isHeld, letGo } = held.holdNext('commit')
      const slow = post('/set', cookie, { late: 1 }).then((response) => response)
      await isHeld
      await post('/set', cookie, { cart: { items: ['tea', 'milk'] } })
      await post('/remove?name=gone', cookie)
      letGo()
      await slow
      expect(await read(cookie)).toEqual({ cart: { items: ['tea', 'milk'] }, late: 1 })
    })

    it('signed out stays signed out, whatever a slow request still writes', async () => {
      const { begin, held, post, read, ttls } = setUp()
      const cookie = await begin()
      const { held: isHeld, letGo } = held.holdNext('commit')
      const slow = post('/set', cookie, { late: 1 }).then((response) => response.status)
      await isHeld
      await post('/sign-out', cookie).expect(200)
      letGo()
      expect(await slow).toBe(200)
      expect(await read(cookie)).toEqual({})
      expect(await ttls()).toEqual(new Map())
    })

    it('a regenerated session has another id, and the one before is dead', async () => {
      const { begin, post, read, ttls } = setUp()
      const cookie = await begin()
      const next = cookiesOf(await post('/regenerate', cookie).expect(200))
      expect(next).not.toBe('')
      expect(next).not.toBe(cookie)
      expect(await read(cookie)).toEqual({})
      expect(await read(next)).toMatchObject({ after: true })
      expect((await ttls()).size).toBe(1)
    })

    it('what is stored names no id and ends by itself', async () => {
      const { begin, post, read, ttls } = setUp()
      const cookie = await begin()
      await post('/set', cookie, { a: 1 })
      await post('/remove?name=a', cookie)
      await read(cookie)
      const keys = [...(await ttls())]
      expect(keys).toHaveLength(1)
      for (const [key, ttl] of keys) {
        expect(key).toMatch(new RegExp(`#session:\\{[\\w-]{43}\\}:${stock.prefix}$`))
        // koa-session keeps a session 10 s longer than its cookie.
        expect(ttl).toBeGreaterThan(50_000)
        expect(ttl).toBeLessThanOrEqual(70_000)
      }
    })

    it('a visitor who stores nothing costs no command, and an invented id one', async () => {
      const { app, begin, held } = setUp()
      const before = held.ran.length
      const { headers } = await request(app.listener).get('/').expect(200)
      expect(held.ran.length).toBe(before)
      expect(headers).not.toHaveProperty('set-cookie')
      const cookie = await begin()
      held.ran.length = 0
      await request(app.listener).get('/').set('cookie', cookie.replace('=', '=x'))
      expect(held.ran.length).toBeLessThanOrEqual(1)
      expect(held.ran).not.toContain('create')
    })
  })
}
