import { listDevices, readUserName, type Shop } from '@sluice/example-express-shop'
import { requireSession } from '@sluice/session-store/koa'
import type { Middleware } from 'koa'
import { inTurn, route } from '../routing.ts'

/** Signing in and out, and the devices of a user. */
export function accountRoutes({ sessions }: Shop): Middleware {
  const signedIn = requireSession({ signedIn: true })
  return inTurn([
    route('POST /api/auth/sign-in', async (ctx) => {
      const name = readUserName(ctx.request.body)
      await ctx.session.signIn(name)
      ctx.session.agent = ctx.get('User-Agent').slice(0, 200) || 'unknown'
      ctx.body = { user: name }
    }),

    route('POST /api/auth/sign-out', async (ctx) => {
      await ctx.session.destroy()
      ctx.body = { user: null }
    }),

    route('POST /api/auth/sign-out-everywhere', signedIn, async (ctx) => {
      ctx.body = { ended: await sessions.destroyAll(ctx.session.userId ?? '') }
    }),

    route('GET /api/devices', signedIn, async (ctx) => {
      ctx.body = { devices: await listDevices(sessions, ctx.session) }
    }),
  ])
}
