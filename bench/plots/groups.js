import { isTime, quantity, rate } from '../harness/format.js'
import { summaryOf } from '../harness/statistics.js'
import { barPanels } from './bar-panels.js'

/**
 * What the plot of each group shows: suites, a column of one where it has several. `without` is what would make every other bar short: it is in the tables.
 */
const shown = {
  core: {
    title: 'The cache core',
    panels: [
      { suite: 'core-memory-hit', title: 'A hit in memory, 1 kB object', without: ['Map'] },
      { suite: 'core-redis', title: 'Set and get on Redis, 1 kB object, 64 at a time' },
      { suite: 'core-batch', column: 'get 100', title: 'A batch of 100 reads on Redis' },
    ],
  },
  limiter: {
    title: 'The rate limiter',
    panels: [
      { suite: 'limiter-redis', title: 'A decision on Redis, 64 at a time' },
      { suite: 'limiter-http-express', title: 'A request to Express 5, limited on Redis' },
      { suite: 'limiter-http-koa', title: 'A request to Koa 3, limited on Redis' },
    ],
  },
  session: {
    title: 'The session store, on Redis',
    panels: [
      { suite: 'session-read-express', title: 'A request to Express 5 that reads its session' },
      { suite: 'session-write-express', title: 'A request to Express 5 that changes its session' },
      { suite: 'session-read-koa', title: 'A request to Koa 3 that reads its session' },
    ],
  },
  lock: {
    title: 'The distributed lock',
    panels: [
      { suite: 'lock-pairs', title: 'Taking and giving back a free lock, 64 at a time' },
      {
        suite: 'lock-line',
        column: 'hand-over, p50',
        title: 'Hand-over to the next of 50 waiters, p50',
      },
      {
        suite: 'lock-told',
        column: 'frozen',
        title: 'Redis freezes: when the holder is told, ttl 3 s (20 s: never)',
      },
    ],
  },
  guard: {
    title: 'The stampede guard',
    panels: [
      { suite: 'guard-memory-hit', title: 'A guarded hit in memory, 1 kB object' },
      { suite: 'guard-redis-hit', title: 'A guarded hit on Redis, 64 at a time' },
      { suite: 'guard-http-express', title: 'A request to Express 5, answered from memory' },
    ],
  },
}

/** Who is made of nothing else is no peer, but what all of them stand on. */
const bare = ['express', 'ioredis', 'koa']

function kindOf(name, { packages }) {
  const names = Object.keys(packages)
  if (/^sluice\b/.test(name)) return 'ours'
  return names.every((one) => bare.includes(one)) ? 'bare' : 'peer'
}

/** By group the text of the plot and what it says in words, of those whose results are there. */
export function plotsOf(results) {
  return Object.fromEntries(
    Object.entries(shown).flatMap(([group, { title, panels }]) => {
      const filled = panels.flatMap((panel) => filledPanel(panel, results))
      if (filled.length === 0) return []
      const alt = filled.map(inWords).join('; ')
      return [[group, { alt, svg: barPanels({ title, description: alt, panels: filled }) }]]
    }),
  )
}

function filledPanel({ suite, column, title, without = [] }, results) {
  const result = results.find((one) => one.suite === suite)
  if (result === undefined) return []
  const unit = column === undefined ? result.unit : result.columns?.[column]
  if (unit === undefined) return []
  const isRate = isTime(unit) && column === undefined
  const bars = Object.entries(result.contenders).flatMap(([name, contender]) => {
    const median = summaryOf(result, name, column)?.median
    if (median === undefined || without.includes(name)) return []
    const kind = kindOf(name, contender)
    return isRate
      ? [{ name, kind, value: 1 / median, text: rate(median, unit) }]
      : [{ name, kind, value: median, text: quantity(median, unit) }]
  })
  const sign = isRate || result.higher ? -1 : 1
  const label = sign === -1 ? 'a second: more is better' : 'less is better'
  return bars.length < 2
    ? []
    : [{ title, label, bars: bars.toSorted((a, b) => sign * (a.value - b.value)) }]
}

function inWords({ title, bars }) {
  return `${title}: ${bars.map(({ name, text }) => `${name} ${text}`).join(', ')}`
}
