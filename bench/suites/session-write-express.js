import { besideEach } from '../harness/budgets.js'
import { measureServer as measure } from '../harness/http.js'
import { answering, expressApps, routes } from '../harness/session-apps.js'

export const title = 'A request to Express 5 that changes its session on Redis'
export const unit = 'ns a request'
export const floor = 'express-session, connect-redis'
export const note =
  'express-session writes the whole session, and of two requests at the same time one loses; Sluice writes what changed, and the response waits until it is stored.'
export const budgets = besideEach('sluice', [floor], { atLeast: 1.2 })
export { measure }

export const contenders = answering(expressApps, routes.write, [{ visits: 1 }, { visits: 2 }])
