import { pairs } from '../harness/lock-pairs.js'
import { sequential } from '../harness/work.js'

export const title = 'Taking and giving back a lock that nobody else wants, one after the other'
export const unit = 'ns a pair'
export const floor = 'SET NX PX, EVALSHA'
export const slice = 300

const { batched: _, ...plain } = pairs(sequential)

export const contenders = plain
