import { createCache, type Store } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import {
  waitUntil,
  type HttpAppFactory,
  type HttpAppOptions,
  type RouteContext,
  type RouteResult,
} from '@sluice/testkit'
import request, { type Response, type Test } from 'supertest'
import { cacheResponse as expressCache, purgeResponses } from '../src/express.ts'
import { cacheResponse as koaCache, type CacheTags } from '../src/koa.ts'
import type { ResponseCacheOptions } from '../src/response/options.ts'

/** What options functions read here, alike in Express and Koa. */
export interface AnyRequest {
  readonly path: string
  get(name: string): string | undefined
}

/** What a test chooses. */
export interface Options extends Partial<ResponseCacheOptions<AnyRequest>> {
  readonly trustProxy?: boolean
  readonly wrapStore?: (store: Store) => Store
  /** Middleware before the cache. */
  readonly before?: Pick<HttpAppOptions, 'express' | 'koa'>
  /** Other routes, behind the cache too. */
  readonly routes?: HttpAppOptions['routes']
}

/** The handler that the tests are about: is told which run of it this is. */
export type Handler = (context: RouteContext, run: number) => RouteResult | Promise<RouteResult>

/** An app whose `/page` is cached, on memory with a manual clock. */
export function setUp(factory: HttpAppFactory, handler: Handler, given: Options = {}) {
  const { trustProxy = false, wrapStore = (store: Store) => store, before, routes, ...own } = given
  const clock = manualClock()
  const cache = given.cache ?? createCache({ store: wrapStore(memoryStore({ clock })) })
  const options = { ttl: '1m', clock, ...own, cache } as const
  let runs = 0
  const page = (context: RouteContext) => handler(context, ++runs)
  let arrived = 0
  const app = factory.create({
    express: [
      (_req, _res, next) => {
        arrived++
        next()
      },
      ...(before?.express ?? []),
      expressCache(options),
    ],
    koa: [(_ctx, next) => (arrived++, next()), ...(before?.koa ?? []), koaCache(options)],
    routes: { 'GET /page': page, ...routes },
    trustProxy,
  })
  // Every request of supertest goes to a port of its own.
  const host = { Host: 'shop.example' }
  const get = (path = '/page', headers: Record<string, string> = {}) =>
    request(app.listener)
      .get(path)
      .set({ ...host, ...headers })
  return {
    ...{ app, cache, clock, get },
    purge: purgeResponses({ cache }),
    head: (path = '/page', headers: Record<string, string> = {}) =>
      request(app.listener)
        .head(path)
        .set({ ...host, ...headers }),
    send: (method: 'post' | 'put' | 'patch' | 'delete', path: string) =>
      request(app.listener)[method](path).set(host),
    /** Resolves when so many requests have come to the cache in all. */
    async arrived(count: number): Promise<void> {
      await waitUntil(() => arrived >= count, { what: `${count} requests` })
      await turns()
    },
    /** How often the handler ran. */
    runs: () => runs,
  }
}

/** Names tags in the handler, in either framework. */
export function tagResponse({ request: framework }: RouteContext, ...tags: string[]): void {
  const owner: { cacheTags: CacheTags } = 'state' in framework ? framework : framework.res!
  owner.cacheTags(...tags)
}

/** Lets everything go on that waits for nothing but its turn. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Asks until the answer comes from the cache: a response is on its way to the client before it is in the store. */
export async function askUntilHit(ask: () => Test): Promise<Response> {
  let answer: Response | undefined
  const isHit = async (): Promise<boolean> => {
    answer = await ask()
    return /hit/.test(answer.headers['cache-status'] ?? '')
  }
  await waitUntil(isHit, { what: 'a hit' })
  return answer!
}
