import { each } from '../harness/guard-contenders.js'
import { fleet, loadsOfFleet } from '../harness/guard-fleet.js'

export const title = 'Loads of one key that 4 processes x 250 callers miss at the same time'
export const unit = 'loads'
export const floor = 'no guard'
export const note =
  'What lru-cache shares, it shares in one process: four processes load four times.'
export const budgets = [{ contender: 'sluice', atMost: 1 }]

export const measure = async ({ count }) => ({ value: await count() })

export const contenders = each(fleet, (_, name) => ({ count: () => loadsOfFleet(name) }))
