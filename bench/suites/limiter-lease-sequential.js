import { ample, redisLimiter } from '../harness/limiter.js'
import { sequential } from '../harness/work.js'

export const title =
  'A decision on one hot key on Redis, units taken 50 at a time, one decision after the other'
export const unit = 'ns a decision'
export const floor = 'one at a time'
export const slice = 1000

function contender(options) {
  const limiter = redisLimiter({ ...ample, ...options })
  return { run: sequential(() => limiter.consume('hot')) }
}

export const contenders = {
  'one at a time': () => contender({}),
  'lease: 50': () => contender({ lease: 50 }),
}
