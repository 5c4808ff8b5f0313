import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem, type, arch } from 'node:os'
import { format } from 'prettier'
import { judge, summarize } from './statistics.js'
import { packagesOf, versionOf } from './versions.js'

const folder = new URL('../results/', import.meta.url)

const ownPackages = {
  limiter: '@sluice/rate-limiter',
  session: '@sluice/session-store',
  lock: '@sluice/distributed-lock',
  guard: '@sluice/stampede-guard',
}

/** What all results of a run share: the day, the machine, and what is installed on it. */
export function surroundings(redis, rounds) {
  const [{ model }] = cpus()
  const shared = ['@sluice/core', 'express', 'koa', 'ioredis']
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    redis,
    cpu: model.trim(),
    cores: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    os: `${type()} ${release()} ${arch()}`,
    installed: Object.fromEntries(shared.map((name) => [name, versionOf(name)])),
    rounds,
  }
}

/** What is kept of a suite that ran. */
export function resultOf(name, suite, taken, surrounding) {
  const { title, unit, floor, note, columns, higher, budgets = [], packages = {} } = suite
  const own = ownPackages[name.split('-')[0]] ?? '@sluice/core'
  const contenders = Object.fromEntries(
    Object.entries(taken).map(([contender, outcome]) => [
      contender,
      {
        packages: packagesOf(contender, own, packages[contender]),
        ...told(outcome, columns),
      },
    ]),
  )
  const result = {
    suite: name,
    title,
    unit,
    floor,
    note,
    columns,
    higher,
    ...surrounding,
    contenders,
  }
  return { ...result, budgets: budgets.map((budget) => judge(budget, result)) }
}

function told({ failed, measures }, columns) {
  if (failed !== undefined) return { failed }
  if (columns === undefined) return summarize(measures.map(({ value }) => value))
  const names = Object.keys(columns).filter((name) => measures[0].columns[name] !== undefined)
  return {
    columns: Object.fromEntries(
      names.map((name) => [name, summarize(measures.map((one) => one.columns[name]))]),
    ),
  }
}

/** All results there are, in the order of their names. */
export function readResults() {
  mkdirSync(folder, { recursive: true })
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
}

export async function writeResult(result) {
  mkdirSync(folder, { recursive: true })
  const text = await format(JSON.stringify(result), { parser: 'json', printWidth: 100 })
  writeFileSync(new URL(`${result.suite}.json`, folder), text)
}

/** Removes the results of suites that there are no more. */
export function pruneResults(names) {
  for (const { suite } of readResults()) {
    if (!names.includes(suite)) rmSync(new URL(`${suite}.json`, folder))
  }
}
