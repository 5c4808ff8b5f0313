import type { Sessions } from '@sluice/session-store'
import { requireSession } from '@sluice/session-store/express'
import { Router, type Request } from 'express'

declare module '@sluice/session-store' {
  interface SessionData {
    cart: string[]
    agent: string
  }
}

/** Signing in and out, the cart, and the devices of a user. */
export function accountRoutes(sessions: Sessions): Router {
  const routes = Router()

  routes.post('/auth/sign-in', async (req, res) => {
    const name: unknown = req.body?.name
    if (typeof name !== 'string' || !/^[\w .-]{1,40}$/.test(name)) {
      res.status(400).json({ error: 'Expected "name" to be 1 to 40 letters, digits or spaces' })
      return
    }
    await req.session.signIn(name)
    req.session.agent = req.get('User-Agent')?.slice(0, 200) ?? 'unknown'
    res.json({ user: name })
  })

  routes.post('/auth/sign-out', async (req, res) => {
    await req.session.destroy()
    res.json({ user: null })
  })

  routes.post('/auth/sign-out-everywhere', requireSession({ signedIn: true }), async (req, res) => {
    const ended = await sessions.destroyAll(userOf(req))
    res.json({ ended })
  })

  routes.get('/cart', (req, res) => {
    res.json({ user: req.session.userId ?? null, cart: req.session.cart ?? [] })
  })

  routes.post('/cart', async (req, res) => {
    const product: unknown = req.body?.product
    if (typeof product !== 'string' || !/^\w{1,40}$/.test(product)) {
      res.status(400).json({ error: 'Expected "product" to be the id of a product' })
      return
    }
    // Saved first, because only a stored session has an attribute to change without losing another tab's change.
    if (req.session.isNew) {
      req.session.cart = []
      await req.session.save()
    }
    const cart = await req.session.update('cart', (items = []) => [...items, product].slice(-50))
    res.json({ user: req.session.userId ?? null, cart: cart ?? [] })
  })

  routes.get('/devices', requireSession({ signedIn: true }), async (req, res) => {
    const devices = await sessions.list(userOf(req))
    res.json({
      devices: devices.map(({ id, createdAtMs, lastSeenAtMs }) => ({
        signedInAt: new Date(createdAtMs),
        lastSeenAt: new Date(lastSeenAtMs),
        thisOne: id === req.session.id,
      })),
    })
  })

  return routes
}

/** Who is signed in; asked for by `requireSession({ signedIn: true })` before. */
function userOf({ session }: Request): string {
  return session.userId ?? ''
}
