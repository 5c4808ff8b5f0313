import { each } from '../harness/guard-contenders.js'
import { setting, simulate, simulated } from '../harness/guard-simulation.js'

export const title = `Callers a minute that waited for a load: ${setting}`
export const unit = 'callers'
export const floor = 'no guard'

export const measure = async ({ make }) => ({ value: (await simulate(make)).waits })

export const contenders = each(simulated, (make) => ({ make }))
