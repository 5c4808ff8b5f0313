import { besideEach } from '../harness/budgets.js'
import { leases } from '../harness/limiter-leases.js'
import { parallel } from '../harness/work.js'

export const title =
  'A decision on one hot key on Redis, units taken 50 at a time, 64 decisions at a time'
export const unit = 'ns a decision'
export const floor = 'one at a time'
export const slice = 3200
export const budgets = besideEach('lease: 50', ['one at a time'], { atLeast: 10 })

export const contenders = leases((decide) => parallel(64, decide))
