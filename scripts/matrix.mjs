// The tests on every Node that is supported, from npm's packages of Node; on ioredis 5; and on every Redis server of this
// machine. One cell runs after the other. `npm run matrix -- 24 unit` runs the cells that each argument names: a version
// or its beginning, a project, a client, a server. The last line is `N passed, N failed`, of cells.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand, runNpm } from './lib/children.mjs'
import { findRedisServers } from './lib/redis.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const cached = join(tmpdir(), 'sluice-matrix')
const logs = join(cached, 'logs')
const platform = process.platform === 'win32' ? 'win' : process.platform
const nodePackage = `node-${platform}-${process.arch}`
const nodeFile = process.platform === 'win32' ? 'node.exe' : 'node'

/** What is run on every Node. Faults, Cluster and Sentinel are about Redis and not about Node. */
const ofNode = ['unit', 'redis', 'e2e', 'consumers']
/** What is run with the older client, and on every server but the one that all else runs on. */
const ofClient = ['redis', 'cluster']
const ofServer = ['redis', 'cluster', 'sentinel', 'faults']

/** The lowest versions that the packages support, and the newest of each line that lives. */
async function nodeVersions() {
  const listed = await runNpm(['view', nodePackage, 'versions', '--json'])
  if (!listed.passed) throw new Error(`The npm registry does not list Node:\n${listed.output}`)
  const released = JSON.parse(listed.stdout).filter((version) => /^\d+\.\d+\.\d+$/.test(version))
  released.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const newest = (line) => released.findLast((version) => version.startsWith(line))
  const lowest = (line) => released.find((version) => version.startsWith(line))
  const versions = [lowest('20.19.'), lowest('22.12.'), newest('22.'), newest('24.'), newest('')]
  return [...new Set(versions)]
}

/** Installs a Node, unless an earlier run has; the path of its binary. */
async function installNode(version) {
  const folder = join(cached, version)
  const binary = join(folder, 'node_modules', nodePackage, 'bin', nodeFile)
  if (existsSync(binary)) return binary
  mkdirSync(folder, { recursive: true })
  const args = ['install', `${nodePackage}@${version}`, '--prefix', folder, '--no-save']
  const installed = await runNpm(args)
  if (!installed.passed) throw new Error(`Node ${version}: ${installed.output}`)
  return binary
}

/** Every cell: a project, and what it is run on. */
async function allCells([, ...otherServers]) {
  const here = process.version.slice(1)
  const onNodes = (await nodeVersions()).flatMap((version) =>
    ofNode.map((project) => ({ version, project, on: '', env: {} })),
  )
  const onIoredis5 = ofClient.map((project) => ({
    ...{ version: here, project, on: 'ioredis-5' },
    env: { SLUICE_IOREDIS: '5' },
  }))
  const onServers = otherServers.flatMap(({ binary, name }) =>
    ofServer.map((project) => ({
      ...{ version: here, project, on: name },
      env: { REDIS_SERVER_BIN: binary },
    })),
  )
  return [...onNodes, ...onIoredis5, ...onServers]
}

function nameOf({ version, on, project }) {
  return `${rowOf({ version, on })} ${project}`
}

function rowOf({ version, on }) {
  return on === '' ? `node-${version}` : `node-${version} ${on}`
}

/** Whether a word names the cell: a project, a client or server, a version of Node, or the beginning of one. */
function isNamedBy({ version, project, on }, word) {
  return [version, project, on].some((part) => part === word || part.startsWith(`${word}.`))
}

function commandOf({ project, on }, node) {
  if (project === 'consumers') return [node, join(root, 'scripts/consumers.mjs'), 'esm', 'cjs']
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  // What is on ioredis 5 by itself has no need of a client in the place of another.
  const left = on === 'ioredis-5' ? ['--exclude', '**/*ioredis5*'] : []
  // A Node that is slow, or a machine that is busy, is no finding here.
  const patience = ['--testTimeout', '60000']
  return [node, vitest, 'run', '--project', project, ...patience, ...left]
}

/** Runs a cell, keeps what it said, and prints one line. */
async function runCell(cell) {
  const { version, env } = cell
  const node = version === process.version.slice(1) ? process.execPath : await installNode(version)
  const path = [dirname(node), process.env.PATH].join(delimiter)
  const result = await runCommand(commandOf(cell, node), {
    cwd: root,
    env: { ...process.env, CI: 'true', NO_COLOR: '1', PATH: path, ...env },
  })
  const log = join(logs, `${nameOf(cell).replaceAll(' ', '-')}.log`)
  writeFileSync(log, result.output)
  const counted = result.output.match(/^\d+ passed, \d+ failed.*$/gm)?.at(-1) ?? 'nothing ran'
  const [state, end] = result.passed
    ? ['ok    ', '']
    : ['FAILED', `\n${failures(result.output)}\n${log}`]
  console.log(`${state}  ${nameOf(cell)}  ${counted}  ${result.seconds.toFixed(0)} s${end}`)
  return { ...cell, ...result }
}

/** The lines of vitest or of the consumers that name what failed. */
function failures(output) {
  const lines = output.match(/^\s*(FAIL |FAILED|[A-Z]\w*Error:).*$/gm) ?? []
  return [...new Set(lines)].slice(0, 40).join('\n')
}

/** A row for each Node, client and server; a column for each project. */
function table(results) {
  const columns = [...new Set(results.map(({ project }) => project))]
  const lines = [...new Set(results.map(rowOf))].map((row) => [
    row,
    ...columns.map((column) =>
      shown(results.find((cell) => rowOf(cell) === row && cell.project === column)),
    ),
  ])
  const all = [['', ...columns], ...lines]
  const width = (column) => Math.max(...all.map((line) => line[column].length))
  const pad = (text, column) => text.padEnd(width(column))
  return all.map((line) => line.map(pad).join(' | ').trimEnd()).join('\n')
}

function shown(cell) {
  if (cell === undefined) return '-'
  return `${cell.passed ? 'ok' : 'FAILED'} ${cell.seconds.toFixed(0)} s`
}

async function main() {
  mkdirSync(logs, { recursive: true })
  const servers = await findRedisServers()
  const words = process.argv.slice(2)
  const all = await allCells(servers)
  const cells = all.filter((cell) => words.every((word) => isNamedBy(cell, word)))
  if (cells.length === 0) {
    throw new Error(`No cell is ${words.join(' and ')}. There are:\n${all.map(nameOf).join('\n')}`)
  }
  console.log(`On ${servers[0]?.name ?? 'no Redis server'}, if nothing else is said.`)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const build = await runCommand([process.execPath, tsc, '-b'], { cwd: root })
  if (!build.passed) throw new Error(build.output)
  const results = []
  for (const cell of cells) results.push(await runCell(cell))
  console.log(`\n${table(results)}\n`)
  return results.map(({ passed }) => passed)
}

const results = await main().catch((error) => {
  console.log(`FAILED  ${error.message}`)
  return [false]
})
const failed = results.filter((passed) => !passed).length
console.log(`${results.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
