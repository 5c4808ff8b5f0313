import { besideEach } from '../harness/budgets.js'
import { measureServer as measure } from '../harness/http.js'
import { answering, expressApps, routes } from '../harness/session-apps.js'

export const title = 'A request to Express 5 that reads its session on Redis'
export const unit = 'ns a request'
export const floor = 'express-session, connect-redis'
export const note =
  'Both move the idle deadline: express-session sends GET and EXPIRE, Sluice one script. Sluice has deadlines, sessions that stay destroyed, and keeps only the hash of the id.'
export const budgets = besideEach('sluice', [floor], { atLeast: 1.3 })
export { measure }

export const contenders = answering(expressApps, routes.read, [{ items: 10 }, { items: 10 }])
