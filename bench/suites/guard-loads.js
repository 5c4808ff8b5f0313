import { each } from '../harness/guard-contenders.js'
import { setting, simulate, simulated } from '../harness/guard-simulation.js'

export const title = `Loads a minute: ${setting}`
export const unit = 'loads'
export const floor = 'no guard'

export const measure = async ({ make }) => ({ value: (await simulate(make)).loads })

export const contenders = each(simulated, (make) => ({ make }))
