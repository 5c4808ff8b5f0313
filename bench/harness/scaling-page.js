import { number, quantity } from './format.js'
import { summaryOf } from './statistics.js'
import { tableOf } from './table.js'

/** The service of which docs/scaling.md reckons what it needs, on a peak of its day. */
export const example = {
  users: 1_000_000,
  processes: 20,
  requestsOfUser: 40,
  /** The peak as a multiple of the mean. */
  peak: 5,
  /** The share of requests that change their session, and that take a lock. */
  writing: 0.1,
  locking: 0.01,
  guardedReads: 5,
  values: 100_000,
  ttlSeconds: 300,
}

const daySeconds = 86_400
const fenceDays = 7

/** The tables of docs/scaling.md, in markdown, by the names that stand in it. */
export function scalingTables(results) {
  const resultOf = (suite) => {
    const found = results.find((one) => one.suite === suite)
    if (found === undefined)
      throw new Error(`bench/results has no ${suite}: npm run bench -- ${suite}`)
    return found
  }
  const needs = needsOf(resultOf)
  return {
    costs: wholeTable(resultOf('scale-nodes-costs')),
    idle: wholeTable(resultOf('scale-nodes-idle')),
    example: exampleTable(needs),
    growth: growthTable(needs),
    leases: wholeTable(resultOf('scale-nodes-leases'), isShownLease),
    guard: wholeTable(resultOf('scale-nodes-guard')),
  }
}

/** A page whose tables stand between `<!-- table: name -->` and `<!-- end of table -->`, with those of the results. */
export function fillTables(page, tables) {
  return page.replaceAll(
    /(<!-- table: (\w+) -->\n)[^]*?(<!-- end of table -->)/g,
    (_, begin, name, end) => {
      if (tables[name] === undefined) throw new Error(`There is no table "${name}"`)
      return `${begin}\n${tables[name]}\n\n${end}`
    },
  )
}

/** Every other lease is enough for the page. */
function isShownLease(name) {
  return !/limit 10,000, lease (2|50)$/.test(name)
}

/** @param isShown which contenders; default all */
function wholeTable(result, isShown = () => true) {
  const { head, rows } = tableOf(result)
  return table(
    head,
    rows.filter(([name]) => isShown(name)),
  )
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, at) => (at === 0 ? '---' : '--:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

/** What each feature of the example needs: commands a second at the peak, how many a core does, and bytes. */
function needsOf(resultOf) {
  const costs = resultOf('scale-nodes-costs')
  const bytesOf = (name) => medianOf(costs, name, 'bytes')
  const { users, requestsOfUser, peak, writing, locking, guardedReads, values, ttlSeconds } =
    example
  const requests = (users * requestsOfUser * peak) / daySeconds
  const loads = values / ttlSeconds
  const rates = ratesOf(resultOf)
  const none = { commands: 0, perCore: 1, bytes: 0 }
  return {
    loads,
    secondsOfMessage: medianOf(resultOf('scale-nodes-messages'), '20 listeners') / 1e9,
    rows: {
      'a decision for each request': {
        commands: requests,
        perCore: rates.decisions,
        bytes: requests * 120 * bytesOf('limited client: a decision'),
      },
      'a session for each user, written by each tenth request': {
        commands: requests * (1 + writing),
        perCore: rates.sessions,
        bytes: users * bytesOf('session of a user: a request that writes'),
      },
      'five guarded reads for each request': {
        commands: requests * guardedReads,
        perCore: rates.gets,
        bytes: values * bytesOf('guarded value, 1 kB: a hit'),
      },
      'refreshes of 100,000 values, ttl 5 min': {
        ...none,
        // The first command of the seven is the read.
        commands: loads * (medianOf(costs, 'guarded value: a hit that refreshes', 'commands') - 1),
        perCore: rates.decisions,
      },
      'a lock for each hundredth request, and its fence': {
        commands: 2 * requests * locking,
        perCore: rates.locks,
        bytes:
          users *
          requestsOfUser *
          locking *
          fenceDays *
          bytesOf('fence of a lock that was given back'),
      },
    },
  }
}

/** What one Redis did a second, of each kind of command, in the suites that measured the most of it. */
function ratesOf(resultOf) {
  const processes = resultOf('scale-processes')
  const keys = resultOf('scale-keys')
  const most = (column) =>
    Math.max(...Object.keys(processes.contenders).map((name) => medianOf(processes, name, column)))
  const perSecond = (column) => 1e9 / medianOf(keys, '1 000 keys', column)
  return {
    gets: most('gets'),
    decisions: most('decisions'),
    sessions: perSecond('session load'),
    // A pair is two commands.
    locks: 2 * perSecond('lock pair'),
  }
}

function medianOf(result, contender, column) {
  const summary = summaryOf(result, contender, column)
  if (summary === undefined) throw new Error(`${result.suite} has no ${column} of ${contender}`)
  return summary.median
}

function exampleTable({ rows }) {
  const cells = Object.entries(rows).map(([name, { commands, perCore, bytes }]) => [
    name,
    rounded(commands),
    rounded(perCore),
    share(commands / perCore),
    `${number(Math.floor(perCore / commands))}×`,
    bytes === 0 ? '-' : memory(bytes),
  ])
  const { commands, cores, bytes } = totalOf(rows)
  const full = `${(1 / cores).toFixed(1)}×`
  const head = ['', 'commands/s at the peak', 'one Redis does', 'of that', 'full at', 'memory']
  return table(head, [
    ...cells,
    ['together', rounded(commands), '', share(cores), full, memory(bytes)],
  ])
}

function totalOf(rows) {
  const sum = (of) => Object.values(rows).reduce((total, row) => total + of(row), 0)
  return {
    commands: sum(({ commands }) => commands),
    cores: sum(({ commands, perCore }) => commands / perCore),
    bytes: sum(({ bytes }) => bytes),
  }
}

function growthTable({ rows, loads, secondsOfMessage }) {
  const { commands, cores, bytes } = totalOf(rows)
  const cells = [1, 10, 100, 1000].map((times) => {
    const processes = example.processes * times
    const messages = loads * times * processes
    return [
      `${number(times)}×`,
      rounded(processes),
      rounded(commands * times),
      number(cores * times),
      memory(bytes * times),
      rounded(messages),
      number(messages * secondsOfMessage),
    ]
  })
  const head = ['', 'processes', 'commands/s', 'Redis servers', 'memory', 'messages/s', 'for them']
  return table(head, cells)
}

/** Three digits: more are not known. */
function rounded(value) {
  return number(Number(value.toPrecision(3)))
}

function share(part) {
  return `${number(Math.round(100 * part * 10) / 10)} %`
}

function memory(bytes) {
  return bytes >= 1e9 ? `${number(bytes / 1e9)} GB` : quantity(bytes, 'bytes')
}
