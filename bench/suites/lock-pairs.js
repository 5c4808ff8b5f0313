import { besideEach } from '../harness/budgets.js'
import { pairs } from '../harness/lock-pairs.js'
import { parallel } from '../harness/work.js'

export const title = 'Taking and giving back a lock that nobody else wants, 64 at a time'
export const unit = 'ns a pair'
export const floor = 'SET NX PX, EVALSHA'
export const slice = 640
export const note =
  'Only Sluice gives a fence, renews by itself in time, recognises its own lock after a lost reply, and has a deadline for each command.'
export const budgets = [
  ...besideEach('sluice', ['SET NX PX, EVALSHA'], { atLeast: 0.9 }),
  ...besideEach('sluice', ['redlock', '@sesamecare-oss/redlock', 'redis-semaphore', 'verrou']),
]

const { batched, ...plain } = pairs((pair) => parallel(64, pair))

export const contenders = { ...plain, ...batched() }
