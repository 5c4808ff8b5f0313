import { freeze, toldOf } from '../harness/lock-told.js'

export const title =
  'Redis answers nothing from 0.3 s to 12.3 s, ttl 3 s: when the holder is told (20,000: never)'
export const unit = 'ms'
export const floor = 'end of the ttl'

export const measure = async ({ take }) => ({ value: await take() })

export const contenders = toldOf(freeze)
