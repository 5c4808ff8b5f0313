import { number, quantity, times } from './format.js'

/** A judged budget in words: who, what is asked, what was measured, and whether it is met. */
export function budgetText({ contender, beside, column, atLeast, atMost, measured, met }, result) {
  const unit = column === undefined ? result.unit : result.columns[column]
  const of = column === undefined ? '' : `, ${column}`
  return {
    who: `${contender}${of}${beside === undefined ? '' : `, beside ${beside}`}`,
    asked: asked({ beside, atLeast, atMost, unit }),
    measured: measuredText({ beside, measured, met, unit }),
    verdict: met === undefined ? 'not measured' : met ? 'met' : 'missed',
  }
}

function asked({ beside, atLeast, atMost, unit }) {
  if (beside !== undefined) return `at least ${number(atLeast)}×`
  return atMost === undefined
    ? `at least ${inUnit(atLeast, unit)}`
    : `at most ${inUnit(atMost, unit)}`
}

function measuredText({ beside, measured, met, unit }) {
  if (met === undefined) return '-'
  if (beside === undefined) return inUnit(measured, unit)
  return measured === undefined ? 'one costs nothing' : times(measured)
}

/** A bare number is told with what it counts. */
function inUnit(value, unit) {
  const text = quantity(value, unit)
  if (!/^[\d.,-]+$/.test(text)) return text
  return `${text} ${value === 1 ? unit.replace(/s$/, '') : unit}`
}
