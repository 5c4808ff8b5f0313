import { ample, redisLimiter } from '../harness/limiter.js'
import { expectEqual, parallel } from '../harness/work.js'

export const title =
  'A decision on one hot key on Redis, units taken 50 at a time, 64 decisions at a time'
export const unit = 'ns a decision'
export const floor = 'one at a time'
export const slice = 3200

function contender(options, source) {
  const limiter = redisLimiter({ ...ample, ...options })
  const decide = () => limiter.consume('hot')
  return {
    run: parallel(64, decide),
    check: async () => expectEqual((await decide()).source, source),
  }
}

export const contenders = {
  'one at a time': () => contender({}, 'store'),
  'lease: 50': () => contender({ lease: 50 }, 'lease'),
}
