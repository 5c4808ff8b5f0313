import { flexible, redisLimiter } from '../harness/limiter.js'
import { expectEqual, keys, sequential } from '../harness/work.js'

export const title = 'A decision on a key that is known to be over its limit, 1000 keys'
export const unit = 'ns a decision'
export const floor = 'rate-limiter-flexible'
export const slice = 20_000
export const budgets = [{ contender: 'sluice', atMost: 1000 }]

const refused = async (decide) => {
  // The first takes the one unit there is, the second hears of it.
  for (const key of [...keys, ...keys]) await decide(key)
  return { run: sequential(decide) }
}

export const contenders = {
  async sluice() {
    const limiter = redisLimiter({ limit: 1, window: '1h' })
    const check = async () => {
      const { allowed, source } = await limiter.consume(keys[7])
      expectEqual({ allowed, source }, { allowed: false, source: 'memory' })
    }
    return { ...(await refused((key) => limiter.consume(key))), check }
  },
  async 'rate-limiter-flexible'() {
    const limiter = flexible({ points: 1, duration: 3600, inMemoryBlockOnConsumed: 1 })
    const decide = (key) => limiter.consume(key).catch((refusal) => refusal)
    const check = async () => expectEqual((await decide(keys[7])).remainingPoints, 0)
    return { ...(await refused(decide)), check }
  },
}
