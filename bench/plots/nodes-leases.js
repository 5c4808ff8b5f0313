import { quantity } from '../harness/format.js'
import { summaryOf } from '../harness/statistics.js'
import { barPanels } from './bar-panels.js'

const limit = 'sliding, limit 10,000, '

const panels = [
  {
    column: 'refused at 0.9',
    title: 'Refused, though only 0.9 of the limit is asked for',
    unit: '%',
  },
  { column: 'commands at 0.9', title: 'Commands for 100 requests', unit: '' },
]

/** The plot of the leases that a hundred nodes take, in sliding windows: its text, and what it says in words. */
export function nodesLeases(result) {
  const names = Object.keys(result.contenders).filter((name) => name.startsWith(limit))
  const drawn = panels.map(({ column, title, unit }) => ({
    title,
    label: 'less is better',
    bars: names.map((name) => {
      const value = summaryOf(result, name, column).median
      return { name: name.slice(limit.length), kind: 'ours', value, text: quantity(value, unit) }
    }),
  }))
  const alt = drawn
    .map(
      ({ title, bars }) =>
        `${title}: ${bars.map(({ name, text }) => `${name} ${text}`).join(', ')}`,
    )
    .join('; ')
  const title = 'A limit of 10,000 a minute, shared by 100 nodes'
  return { alt, svg: barPanels({ title, description: alt, panels: drawn }) }
}
