import { median } from './timing.js'

/** Above so much noise, in %, a number is said to be noisy. */
export const noisy = 15

/** What the rounds of one contender gave, and what is told of them; `noise` is how far the worst is from the median, in %. */
export function summarize(values) {
  const middle = median(values)
  const min = Math.min(...values)
  const max = Math.max(...values)
  const noise = noiseOf(Math.max(max - middle, middle - min), middle)
  return { values: values.map(significant), ...each({ median: middle, min, max }), noise }
}

function noiseOf(away, middle) {
  if (away === 0) return 0
  // Whatever a median of nothing is away from is all of it.
  return middle === 0 ? 100 : Math.round((1000 * away) / Math.abs(middle)) / 10
}

function each(numbers) {
  return Object.fromEntries(
    Object.entries(numbers).map(([key, value]) => [key, significant(value)]),
  )
}

/** Six digits: more are none of the measure's. */
function significant(value) {
  return Number(value.toPrecision(6))
}

/** How many times as good `value` is as `floor`; `undefined` where either costs nothing, as no number tells that. */
export function ratioOf(value, floor, higher = false) {
  if (value === undefined || floor === undefined || value === 0 || floor === 0) return undefined
  return higher ? value / floor : floor / value
}

/** The summary of a contender, or of a column of it; `undefined` where it failed or does not have it. */
export function summaryOf(result, contender, column) {
  const measured = result.contenders[contender]
  return column === undefined ? measured?.values && measured : measured?.columns?.[column]
}

/**
 * What became of a budget: `met` is `undefined` where it was not measured, and `measured` is a ratio, where it asks for one
 * and there is one, or a number in the suite's unit.
 */
export function judge(budget, result) {
  const { contender, beside, column } = budget
  const value = summaryOf(result, contender, column)?.median
  if (beside === undefined) return { ...budget, measured: value, met: isWithin(budget, value) }
  const floor = summaryOf(result, beside, column)?.median
  const measured = ratioOf(value, floor, result.higher)
  return { ...budget, measured, met: isAhead(value, floor, budget.atLeast, result.higher) }
}

function isWithin({ atMost, atLeast }, value) {
  if (value === undefined) return undefined
  return atMost === undefined ? value >= atLeast : value <= atMost
}

function isAhead(value, floor, atLeast, higher) {
  if (value === undefined || floor === undefined) return undefined
  return higher ? value >= floor * atLeast : value * atLeast <= floor
}
