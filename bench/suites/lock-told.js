import { freeze, holders, steal, toldAfter, ttlMs } from '../harness/lock-told.js'

export const title =
  'A lock with a ttl of 3 s is lost: when its holder is told (20,000: never, for all we know)'
export const unit = 'ms'
export const floor = 'end of the ttl'
export const atOnce = true
export const columns = { frozen: 'ms', stolen: 'ms' }
export const note =
  'Frozen: Redis answers nothing from 0.3 s to 12.3 s. Stolen: somebody takes the lock away at 0.3 s.'
export const budgets = Object.keys(columns).map((column) => ({
  contender: 'sluice',
  atMost: ttlMs,
  column,
}))

export const measure = async ({ take }) => ({ columns: await take() })

const contender = (hold) => async () => ({
  async take() {
    const faults = [freeze, steal].map((fault) => toldAfter(hold, fault))
    const [frozen, stolen] = await Promise.all(faults)
    return { frozen, stolen }
  },
})

export const contenders = {
  'end of the ttl': async () => ({ take: async () => ({ frozen: ttlMs, stolen: ttlMs }) }),
  ...Object.fromEntries(Object.entries(holders).map(([name, hold]) => [name, contender(hold)])),
}
