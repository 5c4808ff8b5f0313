import { measureServer as measure } from '../harness/http.js'
import { answering, koaApps, routes } from '../harness/session-apps.js'

export const title = 'A request to Koa 3 that changes its session on Redis'
export const unit = 'ns a request'
export const floor = 'koa-session, ioredis'
export const note =
  'koa-session writes the whole session, and of two requests at the same time one loses; Sluice writes what changed.'
export { measure }

export const contenders = answering(koaApps, routes.write, [{ visits: 1 }, { visits: 2 }])
