// npm run bench [-- word …], in the root: every contender of the suites whose names hold a word (without one: all) does the same
// work, each round in a fresh process with a fresh Redis. Prints tables; writes results/*.json and what is told of them.
import { readdirSync } from 'node:fs'
import { budgetText } from './harness/budget-text.js'
import { endAll, runApart } from './harness/processes.js'
import { createProgress } from './harness/progress.js'
import { findRedis } from './harness/redis.js'
import { pruneResults, resultOf, surroundings, writeResult } from './harness/results.js'
import { runRounds, stepsOf } from './harness/rounds.js'
import { printed } from './harness/table.js'
import { writeReport } from './report.js'
import { writeScaling } from './scaling.js'

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.on(signal, () => {
    endAll()
    process.exit(code)
  })
}

const words = process.argv.slice(2)
const rounds = Number(process.env.ROUNDS ?? 5)
if (!Number.isInteger(rounds) || rounds < 1) {
  fail(`ROUNDS is a whole number from 1, not "${process.env.ROUNDS}"`)
}
const files = readdirSync(new URL('suites/', import.meta.url)).toSorted()
const names = files.map((file) => file.replace(/\.js$/, ''))
const chosen = files.filter(
  (file) => words.length === 0 || words.some((word) => file.includes(word)),
)
if (chosen.length === 0) fail(`no suite's name holds ${words.join(' or ')}: ${names.join(', ')}`)

const redis = redisOrFail()
const failures = []
const described = await runApart('describe.js', chosen)
const suites = Object.entries(described).filter(([file, { failed }]) => {
  if (failed !== undefined) failures.push(`${file} cannot be loaded: ${failed}`)
  return failed === undefined
})

const surrounding = surroundings(redis, rounds)
const { installed, node, cpu, cores, memory } = surrounding
const versions = Object.entries(installed).map((entry) => entry.join(' '))
console.log(`Node ${node}, ${redis}, ${versions.join(', ')}`)
console.log(`${cores} x ${cpu}, ${memory}; suites: ${suites.length}, rounds: ${rounds}\n`)

const progress = createProgress(suites.map(([, suite]) => stepsOf(suite, rounds)))
for (const [file, suite] of suites) await runSuite(file, suite)
pruneResults(names)
await writeReport()
await writeScaling()
for (const failure of failures) console.error(failure)
process.exit(failures.length === 0 ? 0 : 1)

async function runSuite(file, suite) {
  progress.nextSuite()
  const name = file.replace(/\.js$/, '')
  const taken = await runRounds(file, suite, rounds, progress)
  const seconds = progress.clear()
  const result = resultOf(name, suite, taken, surrounding)
  await writeResult(result)
  console.log(printed(result))
  for (const budget of result.budgets) {
    const { who, asked, measured, verdict } = budgetText(budget, result)
    console.log(`  ${verdict}: ${who}: ${asked}, measured ${measured}`)
  }
  console.log(`  ${name} took ${seconds.toFixed(0)} s\n`)
  for (const [contender, { failed }] of Object.entries(taken)) {
    if (failed !== undefined) failures.push(`${name}, ${contender} failed: ${failed}`)
  }
}

function redisOrFail() {
  try {
    return findRedis().version
  } catch (error) {
    fail(error.message)
    throw error
  }
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
