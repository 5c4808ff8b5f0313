import { express4App, express5App } from './http-express.ts'
import type { HttpAppFactory } from './http-app.ts'
import { koa2App, koa3App } from './http-koa.ts'

/**
 * The same app in Express 5, Express 4, Koa 3 and Koa 2: one table of tests says for all four what a package's
 * middleware promises.
 *
 * @example
 * describe.each(httpApps)('$name', ({ create }) => {
 *   it('refuses the second request', async () => {
 *     const app = create({
 *       express: [expressRateLimit({ limit: 1, window: '1m' })],
 *       koa: [koaRateLimit({ limit: 1, window: '1m' })],
 *       routes: { 'GET /': () => 'hello' },
 *     })
 *     await request(app.listener).get('/').expect(200, 'hello')
 *     await request(app.listener).get('/').expect(429)
 *   })
 * })
 */
export const httpApps: readonly HttpAppFactory[] = [express5App, express4App, koa3App, koa2App]
