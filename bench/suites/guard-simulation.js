import { each } from '../harness/guard-contenders.js'
import { setting, simulate, simulated } from '../harness/guard-simulation.js'

export const title = `A hot key: ${setting}`
export const unit = 'a minute'
export const counted = true
export const floor = 'no guard'
export const atOnce = true
export const columns = { loads: 'loads a minute', waits: 'callers a minute that waited' }
export const note = 'Time is virtual, so these numbers do not depend on the machine.'
export const budgets = [
  { contender: 'sluice', atMost: 1.05, column: 'loads' },
  { contender: 'sluice', atMost: 0, column: 'waits' },
]

export const measure = async ({ make }) => ({ columns: await simulate(make) })

export const contenders = each(simulated, (make) => ({ make }))
