import { besideEach } from '../harness/budgets.js'
import { pairs } from '../harness/lock-pairs.js'
import { sequential } from '../harness/work.js'

export const title = 'Taking and giving back a lock that nobody else wants, one after the other'
export const unit = 'ns a pair'
export const floor = 'SET NX PX, EVALSHA'
export const slice = 100
export const note =
  'Only Sluice gives a fence, renews by itself in time, recognises its own lock after a lost reply, and has a deadline for each command.'
export const budgets = [
  ...besideEach('sluice', ['SET NX PX, EVALSHA'], { atLeast: 0.9 }),
  ...besideEach('sluice', ['redlock', '@sesamecare-oss/redlock', 'redis-semaphore', 'verrou']),
]

const { batched: _, ...plain } = pairs(sequential)

export const contenders = plain
