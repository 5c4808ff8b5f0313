import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import type { HttpAppFactory, HttpAppOptions, RouteHandler } from '@sluice/testkit'
import request from 'supertest'
import { rateLimit as expressRateLimit } from '../src/express.ts'
import type {
  Counting,
  GateSettings,
  LimiterSettings,
  PerRequest,
  Policy,
  RateLimitOptions,
} from '../src/index.ts'
import { rateLimit as koaRateLimit } from '../src/koa.ts'

/** What options functions read here, alike in Express and Koa. */
export interface AnyRequest {
  readonly path: string
  readonly ip?: string | undefined
  get(name: string): string | undefined
}

/** Options of both middlewares. */
export type Options = LimiterSettings &
  Counting &
  GateSettings<AnyRequest> & {
    readonly limit?: PerRequest<AnyRequest, number>
    readonly window?: '1m' | ((request: AnyRequest) => '1m' | '1h')
    readonly policies?: readonly Policy[]
    readonly trustProxy?: boolean
    readonly routes?: HttpAppOptions['routes']
  }

/** What nobody would see in a test, which is not about it. */
const silence: NonNullable<GateSettings<unknown>['silence']> = [
  'SLUICE_WARN_FORWARDED_FOR',
  'SLUICE_WARN_TRUST_PROXY',
  'SLUICE_WARN_COUNTED_TWICE',
]

const decisionIn: RouteHandler = ({ request: framework }) =>
  ('state' in framework ? framework.state.rateLimit : framework.rateLimit) ?? 'no decision'

/** An app behind a limiter, on memory with a manual clock unless the options say otherwise. */
export function setUp(
  { create }: HttpAppFactory,
  { trustProxy = false, limit = 2, window = '1m', policies, routes, ...options }: Options = {},
) {
  const clock = manualClock()
  const cache = createCache({ store: memoryStore({ clock }) })
  const limits = policies === undefined ? { limit, window } : { policies }
  const all: RateLimitOptions<AnyRequest> = { cache, silence, ...options, ...limits }
  const app = create({
    express: [expressRateLimit(all)],
    koa: [koaRateLimit(all)],
    routes: {
      'GET /': () => 'hello',
      'GET /decision': decisionIn,
      'GET /status': ({ query, status }) => {
        status(Number(query.get('of')))
        return 'as you like'
      },
      'GET /api/admin/users': () => 'admin',
      'GET /api/auth/login': () => 'auth',
      'GET /api/items': () => 'items',
      'GET /failing': () => {
        throw new Error('the handler failed')
      },
      ...routes,
    },
    trustProxy,
  })
  const get = (path = '/', headers: Record<string, string> = {}) =>
    request(app.listener).get(path).set(headers)
  return { app, cache, clock, get }
}
