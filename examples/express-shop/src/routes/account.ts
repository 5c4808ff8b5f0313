import { requireSession } from '@sluice/session-store/express'
import { Router } from 'express'
import { listDevices, readUserName, type Shop } from '../shop/index.ts'

/** Signing in and out, and the devices of a user. */
export function accountRoutes({ sessions }: Shop): Router {
  const routes = Router()
  const signedIn = requireSession({ signedIn: true })

  routes.post('/auth/sign-in', async (req, res) => {
    const name = readUserName(req.body)
    await req.session.signIn(name)
    req.session.agent = req.get('User-Agent')?.slice(0, 200) ?? 'unknown'
    res.json({ user: name })
  })

  routes.post('/auth/sign-out', async (req, res) => {
    await req.session.destroy()
    res.json({ user: null })
  })

  routes.post('/auth/sign-out-everywhere', signedIn, async (req, res) => {
    res.json({ ended: await sessions.destroyAll(req.session.userId ?? '') })
  })

  routes.get('/devices', signedIn, async (req, res) => {
    res.json({ devices: await listDevices(sessions, req.session) })
  })

  return routes
}
