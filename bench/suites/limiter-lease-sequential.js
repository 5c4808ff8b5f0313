import { besideEach } from '../harness/budgets.js'
import { leases } from '../harness/limiter-leases.js'
import { sequential } from '../harness/work.js'

export const title =
  'A decision on one hot key on Redis, units taken 50 at a time, one decision after the other'
export const unit = 'ns a decision'
export const floor = 'one at a time'
export const slice = 1000
export const budgets = besideEach('lease: 50', ['one at a time'], { atLeast: 10 })

export const contenders = leases(sequential)
