import { besideEach } from '../harness/budgets.js'
import { measureServer as measure } from '../harness/http.js'
import { answering, koaApps, routes } from '../harness/session-apps.js'

export const title = 'A request to Koa 3 that reads its session on Redis'
export const unit = 'ns a request'
export const floor = 'koa-session, ioredis'
export const note = 'koa-session sends a GET and does not move the idle deadline; Sluice does.'
export const budgets = besideEach('sluice', [floor], { atLeast: 1.1 })
export { measure }

export const contenders = answering(koaApps, routes.read, [{ items: 10 }, { items: 10 }])
