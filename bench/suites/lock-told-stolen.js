import { steal, toldOf } from '../harness/lock-told.js'

export const title =
  'The lock is taken away at 0.3 s, ttl 3 s: when the holder is told (20,000: never)'
export const unit = 'ms'
export const floor = 'end of the ttl'

export const measure = async ({ take }) => ({ value: await take() })

export const contenders = toldOf(steal)
