// The packages as their users get them: built and packed from nothing, installed from the tarballs into the projects of
// consumers/, each with its own peers from the npm registry, and used there. `npm run consumers -- esm cjs` runs only the
// projects that it names. The last line is `N passed, N failed`, which .ci/run reads.
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand, runNpm } from './lib/children.mjs'
import {
  buildPackages,
  complaintsOfContents,
  packPackages,
  readManifest,
  stagePackages,
} from './lib/packed.mjs'
import { startRedisServer } from './lib/redis.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Checks of several projects. */
const shared = join(root, 'consumers/shared')
const temporary = mkdtempSync(join(tmpdir(), 'sluice-consumers-'))
process.once('exit', () => rmSync(temporary, { recursive: true, force: true, maxRetries: 5 }))

// Nobody answers there. Whoever has the name of Sluice in the registry has no part in this.
const noRegistry = 'http://127.0.0.1:9/'
const results = []

/** Prints and counts one result, and says whether it was good. */
function report(name, { passed, seconds, output = '' }) {
  const took = seconds === undefined ? '' : `  ${seconds.toFixed(1)} s`
  console.log(`${passed ? 'ok    ' : 'FAILED'}  ${name}${took}`)
  if (!passed) console.log(`${output.trimEnd()}\n`)
  results.push(passed)
  return passed
}

/** Stages, builds and packs; the tarballs, none if that failed. */
async function makeTarballs() {
  const folders = stagePackages(root, join(temporary, 'stage'))
  if (!report('build', await buildPackages(root, folders))) return []
  const { tarballs, ...packed } = await packPackages(folders, join(temporary, 'tarballs'))
  if (!report('npm pack', packed)) return []
  for (const { name, folder, files } of tarballs) {
    const complaints = complaintsOfContents(folder, files)
    const passed = complaints.length === 0
    report(`contents of ${name}`, { passed, output: complaints.join('\n') })
  }
  return tarballs
}

/** The projects to run, those with the most checks first. */
function chosenProjects() {
  const all = readdirSync(join(root, 'consumers'))
    .filter((name) => existsSync(join(root, 'consumers', name, 'package.json')))
    .map((name) => ({ name, manifest: readManifest(join(root, 'consumers', name)) }))
  const chosen = process.argv.slice(2)
  const unknown = chosen.filter((name) => all.every((project) => project.name !== name))
  if (unknown.length > 0) throw new Error(`No such project in consumers/: ${unknown.join(', ')}`)
  const weight = ({ manifest }) => Object.keys(manifest.scripts).length
  return all
    .filter(({ name }) => chosen.length === 0 || chosen.includes(name))
    .toSorted((a, b) => weight(b) - weight(a))
}

/** The manifest with every Sluice package from its tarball, those that are needed through others included. */
function fromTarballs(manifest, tarballs) {
  const paths = Object.fromEntries(tarballs.map(({ name, path }) => [name, `file:${path}`]))
  const dependencies = Object.entries(manifest.dependencies).map(([name, version]) => [
    name,
    paths[name] ?? version,
  ])
  const named = new Map(dependencies)
  const overrides = Object.entries(paths).filter(([name]) => !named.has(name))
  return {
    ...manifest,
    dependencies: Object.fromEntries(dependencies),
    overrides: Object.fromEntries(overrides),
  }
}

/** Whether one of the project's scripts runs the file. */
function isNamed(file, { scripts }) {
  return Object.values(scripts).some((command) => command.split(' ').includes(file))
}

async function runProject({ name, manifest }, { tarballs, url }) {
  const cwd = join(temporary, 'projects', name)
  cpSync(join(root, 'consumers', name), cwd, { recursive: true })
  for (const file of readdirSync(shared).filter((file) => isNamed(file, manifest))) {
    cpSync(join(shared, file), join(cwd, file))
  }
  writeFileSync(join(cwd, 'package.json'), JSON.stringify(fromTarballs(manifest, tarballs)))
  writeFileSync(join(cwd, '.npmrc'), `@sluice:registry=${noRegistry}\n`)
  const installed = await runNpm(['install', '--ignore-scripts', '--no-package-lock'], { cwd })
  if (!report(`${name}: install`, withAdvice(installed))) return
  const env = { ...process.env, REDIS_URL: url }
  for (const [script, command] of Object.entries(manifest.scripts)) {
    // Every command is one of Node's, and this Node is the one that is tested.
    const [, ...args] = command.split(' ')
    report(`${name}: ${script}`, await runCommand([process.execPath, ...args], { cwd, env }))
  }
}

function failure(error) {
  return { passed: false, output: error.stack }
}

const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/

function withAdvice(result) {
  if (result.passed || !offline.test(result.output)) return result
  if (result.output.includes(noRegistry)) return result
  const advice = 'The npm registry does not answer, and the cache of npm lacks what this needs.'
  return { ...result, output: `${result.output.trimEnd()}\n${advice}` }
}

/** Takes projects from the shared queue until it is empty. */
async function work(queue, context) {
  for (let project = queue.shift(); project !== undefined; project = queue.shift()) {
    await runProject(project, context).catch((error) => report(project.name, failure(error)))
  }
}

async function main() {
  const queue = chosenProjects()
  const tarballs = await makeTarballs()
  if (tarballs.length === 0) return
  const redis = await startRedisServer()
  try {
    const workers = Array.from({ length: Math.min(2, availableParallelism()) })
    await Promise.all(workers.map(() => work(queue, { tarballs, url: redis.url })))
  } finally {
    redis.stop()
  }
}

await main().catch((error) => report('consumers', failure(error)))
const failed = results.filter((passed) => !passed).length
console.log(`${results.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
