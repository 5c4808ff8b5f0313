import { inLine, inversions } from '../harness/lock-waiting.js'

export const title = 'Pairs of 50 waiters of which the one that came later was served first'
export const unit = '%; 50 is by chance'
export const floor = 'redlock'

export const measure = async ({ take }) => ({ value: await take() })

export const contenders = inLine(({ order }) => inversions(order))
