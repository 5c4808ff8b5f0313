import { budgetText } from './budget-text.js'
import { number } from './format.js'
import { requests, warming } from './http.js'
import { noisy } from './statistics.js'
import { failuresOf, isNoisy, tableOf } from './table.js'

/** The groups of suites, in the order in which the page tells them. */
const groups = {
  core: { title: 'Core', readme: 'core' },
  limiter: { title: 'Rate limiter', readme: 'rate-limiter' },
  session: { title: 'Session store', readme: 'session-store' },
  lock: { title: 'Distributed lock', readme: 'distributed-lock' },
  guard: { title: 'Stampede guard', readme: 'stampede-guard' },
  scale: { title: 'Scale' },
  spec: { title: 'The numbers of the specification' },
  size: { title: 'Size' },
}

/**
 * The page of all results, in markdown; the same for the same results.
 *
 * @param plots by group what its picture shows in words, for those that have one
 */
export function report(results, plots = {}) {
  const newest = results.toSorted((a, b) => (a.date < b.date ? 1 : -1))[0]
  const parts = [
    introduction(newest),
    budgetSection(results),
    ...Object.keys(groups).map((group) => groupSection(group, results, plots[group], newest)),
    contenderSection(results),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

/** The group that a suite's name begins with. */
export function groupOf(suite) {
  return suite.split('-')[0]
}

function introduction(newest) {
  const versions = Object.entries(newest.installed).map((entry) => entry.join(' '))
  return `# Benchmarks

<!-- Written by bench/report.js from bench/results/*.json: what is changed here by hand is lost. -->

Sluice beside its peers, and beside the bare thing that all of them stand on, on the same work, in one run:

\`\`\`sh
npm run bench            # everything: about three quarters of an hour; writes this page anew
npm run bench -- limiter # the suites whose names hold a word
\`\`\`

It builds, installs the peers into \`bench/\` where they are missing, and starts its own Redis (\`redis-server\` or
\`valkey-server\` on PATH, or \`REDIS_SERVER_BIN\`). \`ROUNDS=1\` is a short look. Every number of every round is in
[bench/results](../bench/results).

## The machine and the method

Measured on ${newest.date} with ${newest.cores} cores of ${newest.cpu}, ${newest.memory}, ${newest.os}: Node ${newest.node},
${newest.redis}, ${versions.join(', ')}; ${counted(newest.rounds, 'round')}. A suite that was measured otherwise says so.

- Every contender does the same work. Its answers are checked before it is timed: one that answers wrongly has failed, and is
  shown so.
- Each round of each contender is a fresh process with a fresh Redis, in turn with the others (A B C A B C …), so that a slow
  moment of the machine meets all of them. Those that mostly wait are measured side by side.
- Told is the median of the rounds; beside it the least and the most, and how far the worst round is from the median (±). Above
  ${noisy} % that is called noisy, and a difference of that size means nothing.
- "To the floor" is how many times as good a contender is as the floor that the table names: 2.00× takes half the time, or half
  the memory. It is "none" where one of the two costs nothing.
- The time of an operation is that of a slice of many, divided. Of up to twenty slices it is the one that a quarter are faster than,
  which leaves out what else the machine did, and also rare slow operations. Where a percentile is told, operations were timed one
  by one.
- What is counted and not timed, as commands and bytes are, comes out the same each time, and is taken once.
- A request is one of ${number(requests)}, after ${number(warming)} that warm up, of ten connections that \`autocannon\` keeps busy from a process of its
  own over loopback.

What that does not say: Redis, Node and the load share ${newest.cores} cores, so "a second" is of that whole machine. On a network
each round trip costs all contenders the same time more, and ratios shrink; with more cores those gain whose work Redis does.
Peers are set up as their documents say. Some do less than Sluice, some more: where that matters, a note below the table tells.`
}

function counted(count, word) {
  return `${count} ${count === 1 ? word : `${word}s`}`
}

function budgetSection(results) {
  const rows = results.flatMap((result) =>
    result.budgets.map((budget) => ({ suite: result.suite, ...budgetText(budget, result) })),
  )
  if (rows.length === 0) return ''
  const count = (wanted) => rows.filter(({ verdict }) => verdict === wanted).length
  const missed = count('missed')
  const unmeasured = count('not measured')
  const sum = [
    `${count('met')} of ${rows.length} are met`,
    ...(missed > 0 ? [`${missed} missed`] : []),
    ...(unmeasured > 0 ? [`${unmeasured} not measured`] : []),
  ]
  const cells = rows.map(({ suite, who, asked, measured, verdict }) => [
    `[${suite}](#${suite})`,
    who,
    asked,
    measured,
    verdict === 'met' ? 'met' : `**${verdict}**`,
  ])
  const head = ['suite', 'contender', 'asked', 'measured', '']
  return `## Budgets

What each package was to reach, said before it was measured: ${sum.join(', ')}. No test asserts them; a run judges them by its
medians.

${markdownTable(head, cells, 2)}`
}

function groupSection(group, results, plot, newest) {
  const own = results.filter(({ suite }) => groupOf(suite) === group)
  if (own.length === 0) return ''
  const { title, readme } = groups[group]
  const parts = [
    `## ${title}`,
    ...(plot === undefined ? [] : [`![${plot}](images/bench-${group}.svg)`]),
    ...(readme === undefined ? [] : [`[The package](../packages/${readme}/README.md).`]),
    ...own.map((result) => suiteSection(result, newest)),
  ]
  return parts.join('\n\n')
}

function suiteSection(result, newest) {
  const { head, rows } = tableOf(result)
  const failures = failuresOf(result).map((row) => [...row, ...head.slice(2).map(() => '')])
  const noise = isNoisy(result) ? [noisyNote(result)] : []
  const apart = measuredApart(result, newest)
  const floor = result.floor === undefined ? '' : ` The floor is "${result.floor}".`
  return [
    `### ${result.suite}`,
    `${result.title}.${floor}`,
    markdownTable(head, [...rows, ...failures]),
    ...(result.note === undefined ? [] : [result.note]),
    ...noise,
    ...apart,
  ].join('\n\n')
}

function noisyNote({ columns }) {
  const sign = columns === undefined ? 'that are called so' : 'with ±'
  return `Noisy: rounds were more than ${noisy} % away from the medians ${sign}.`
}

/** Says of a result what is not as in the one that the page begins with. */
function measuredApart(result, newest) {
  const fields = ['date', 'node', 'redis', 'cpu', 'cores', 'memory', 'os']
  const other = fields.filter((field) => result[field] !== newest[field])
  const told = other.map((field) => `${field} ${result[field]}`)
  if (result.rounds !== newest.rounds) told.push(counted(result.rounds, 'round'))
  return told.length === 0 ? [] : [`Measured apart: ${told.join(', ')}.`]
}

function contenderSection(results) {
  const packages = new Map(
    results.flatMap(({ contenders }) =>
      Object.values(contenders).flatMap((one) => Object.entries(one.packages)),
    ),
  )
  const list = [...packages].map((entry) => entry.join(' ')).toSorted()
  return `## Who takes part\n\n${list.join(', ')}.`
}

/** @param words how many columns hold words; the rest are numbers */
function markdownTable(head, rows, words = 1) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = head.map((_, at) => (at < words ? '---' : '--:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}
