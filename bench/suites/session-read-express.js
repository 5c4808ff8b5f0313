import { measureServer as measure } from '../harness/http.js'
import { expressSessions } from '../harness/session-apps.js'

export const title = 'A request to Express 5 that reads its session on Redis'
export const unit = 'ns a request'
export const floor = 'express-session, connect-redis'
export { measure }

export const contenders = expressSessions((session) => ({ items: session.cart.length }))
