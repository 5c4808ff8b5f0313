import { isSpeed, isTime, number, quantity, rate, times } from './format.js'
import { noisy, ratioOf, summaryOf } from './statistics.js'

/** The table of a result as text: its head, and a row a contender that was measured, the best first where one number tells. */
export function tableOf(result) {
  return result.columns === undefined ? tableOfOne(result) : tableOfColumns(result)
}

function tableOfOne(result) {
  const { unit, floor, higher = false } = result
  const base = summaryOf(result, floor)?.median
  const columns = [
    { head: unit, of: ({ median }) => quantity(median, unit) },
    ...(isTime(unit) ? [{ head: 'a second', of: ({ median }) => rate(median, unit) }] : []),
    ...(base === undefined ? [] : [{ head: 'to the floor', of: ratio }]),
    { head: 'rounds', of: (summary) => spread(summary, unit) },
  ]
  function ratio({ median }, name) {
    return name === floor ? 'the floor' : times(ratioOf(median, base, higher))
  }
  const rows = sorted(result).map(([name, measured]) => [
    name,
    ...columns.map(({ of }) => of(measured, name)),
  ])
  return { head: ['', ...columns.map(({ head }) => head)], rows }
}

function measuredOf({ contenders }) {
  return Object.entries(contenders).filter(([, { failed }]) => failed === undefined)
}

/** The contenders that were measured, the best first. */
function sorted(result) {
  const sign = result.higher ? -1 : 1
  return measuredOf(result).toSorted(([, a], [, b]) => sign * (a.median - b.median))
}

/** The contenders that failed, each with the reason. */
export function failuresOf({ contenders }) {
  return Object.entries(contenders).flatMap(([name, { failed }]) =>
    failed === undefined ? [] : [[name, `failed: ${failed}`]],
  )
}

function spread({ values, min, max, noise }, unit) {
  if (values.length === 1) return 'one round'
  if (min === max) return 'the same'
  return `${quantity(min, unit)} to ${quantity(max, unit)}, ${percent(noise)}${noise > noisy ? ', noisy' : ''}`
}

function percent(noise) {
  return `± ${number(Math.ceil(noise))} %`
}

function tableOfColumns(result) {
  const columns = Object.entries(result.columns)
  const head = ['', ...columns.map(([name, unit]) => headOf(name, unit))]
  const rows = measuredOf(result).map(([name]) => [
    name,
    ...columns.map(([column, unit]) => cell(result, name, column, unit)),
  ])
  return { head, rows }
}

/** A column's name, with the unit where neither its numbers nor its name tell it. */
function headOf(name, unit) {
  if (isSpeed(unit) || ['bytes', '%'].includes(unit)) return name
  return unit.startsWith(name) ? unit : `${name}, ${unit}`
}

function cell(result, name, column, unit) {
  const summary = summaryOf(result, name, column)
  if (summary === undefined) return '-'
  const base = summaryOf(result, result.floor, column)?.median
  const ratio = ratioOf(summary.median, base, result.higher)
  const isCompared = isBetterKnown(unit, result) && name !== result.floor && ratio !== undefined
  const parts = [
    quantity(summary.median, unit),
    ...(isCompared ? [times(ratio)] : []),
    ...(summary.noise > noisy ? [percent(summary.noise)] : []),
  ]
  return parts.join(', ')
}

/** Less time is better, and so are more a second where the suite says that more is; of other columns nobody can tell. */
function isBetterKnown(unit, { higher = false }) {
  return isSpeed(unit) && isTime(unit) !== higher
}

/** Whether any number of a result is noisy. */
export function isNoisy({ contenders }) {
  return Object.values(contenders)
    .flatMap((measured) => (measured.columns ? Object.values(measured.columns) : [measured]))
    .some(({ noise }) => noise > noisy)
}

/** A result as lines for a terminal. */
export function printed(result) {
  const { head, rows } = tableOf(result)
  const all = [head, ...rows]
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at].length)))
  const line = (row) =>
    row
      .map((text, at) => (at === 0 ? text.padEnd(widths[at]) : text.padStart(widths[at])))
      .join('  ')
  const floor = result.floor === undefined ? '' : `; the floor is "${result.floor}"`
  const note = result.note === undefined ? [] : [`  ${result.note}`]
  const lines = all.map((row) => `  ${line(row).trimEnd()}`)
  const failures = failuresOf(result).map((failure) => `  ${failure.join(' ')}`)
  return [`${result.title} (${result.unit}${floor})`, ...lines, ...failures, ...note].join('\n')
}
