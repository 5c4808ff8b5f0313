import { measureServer } from '../harness/http.js'
import {
  answering,
  expressApps,
  lazyExpressApp,
  plainExpressApp,
  routes,
} from '../harness/session-apps.js'

export const title = 'A request to Express 5 that does not touch its session on Redis'
export const unit = 'ns a request'
export const floor = 'express alone'
export const columns = { 'no cookie': 'ns', 'a session': 'ns' }
export const note =
  'With a cookie, all but lazy ones load the session and move its idle deadline, whatever the route does.'

export async function measure({ handler, start }) {
  const { value: noCookie } = await measureServer({ handler })
  const { value: withSession } = await measureServer({ handler, start })
  return { columns: { 'no cookie': noCookie, 'a session': withSession } }
}

const apps = { 'express alone': plainExpressApp, 'sluice, lazy': lazyExpressApp, ...expressApps }

export const contenders = answering(apps, routes.untouched, [{ ok: true }])
