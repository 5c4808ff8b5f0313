import { ample, redisLimiter } from './limiter.js'
import { expectEqual } from './work.js'

/** A limiter that asks Redis each time, and one that takes 50 units at once; `width` says how they are driven. */
export function leases(width) {
  const contender = (options, source) => {
    const limiter = redisLimiter({ ...ample, ...options })
    const decide = () => limiter.consume('hot')
    return {
      run: width(decide),
      check: async () => expectEqual((await decide()).source, source),
    }
  }
  return {
    'one at a time': async () => contender({}, 'store'),
    'lease: 50': async () => contender({ lease: 50 }, 'lease'),
  }
}
