import { inLine, median, pingNs } from '../harness/lock-waiting.js'

export const title = 'From giving a lock back to the next of 50 waiters having it, p50'
export const unit = 'ns'
export const floor = 'PING, a round trip'

export const measure = async ({ take }) => ({ value: await take() })

export const contenders = {
  'PING, a round trip': async () => ({ take: pingNs }),
  ...inLine(({ handOvers }) => median(handOvers)),
}
