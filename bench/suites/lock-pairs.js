import { pairs } from '../harness/lock-pairs.js'
import { parallel } from '../harness/work.js'

export const title = 'Taking and giving back a lock that nobody else wants, 64 at a time'
export const unit = 'ns a pair'
export const floor = 'SET NX PX, EVALSHA'
export const slice = 640

const { batched, ...plain } = pairs((pair) => parallel(64, pair))

export const contenders = { ...plain, ...batched() }
