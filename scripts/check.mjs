// Everything that is checked without running the code, a named step each. A failing step does not stop the others;
// the run fails at its end. The last line is `N passed, N failed`, which .ci/run reads.
import { spawn } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = join(root, 'node_modules/.bin')

/** The folders of the packages that are published. */
function publishedPackages() {
  return readdirSync(join(root, 'packages'))
    .map((name) => `packages/${name}`)
    .filter((folder) => {
      const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
      return manifest.private !== true
    })
}

// The first step builds, because publint and attw read what is built.
const build = { name: 'types of sources', command: ['tsc', '-b'] }
const steps = [
  build,
  { name: 'format', command: ['prettier', '--check', '.'] },
  { name: 'lint', command: ['oxlint'] },
  { name: 'types of tests and examples', command: ['tsc', '-p', 'tsconfig.test.json'] },
  { name: 'dead code', command: ['knip', '--no-progress', '--no-config-hints'] },
  {
    name: 'descriptions of exports',
    command: ['node', 'tools/api-reference/reference.js', 'check'],
  },
  ...publishedPackages().flatMap((folder) => [
    { name: `publint ${folder}`, command: ['publint', folder, '--strict'], after: build },
    {
      name: `attw ${folder}`,
      command: ['attw', '--pack', folder, '--profile', 'esm-only'],
      after: build,
    },
  ]),
]

/** Runs a command to its end: whether it succeeded, and all that it said. */
function run([name, ...args]) {
  const program = name === 'node' ? process.execPath : join(bin, name)
  return new Promise((resolve) => {
    const chunks = []
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.on('data', (chunk) => chunks.push(chunk))
    child.stderr.on('data', (chunk) => chunks.push(chunk))
    child.on('error', (error) => resolve({ passed: false, output: `${error.message}\n` }))
    child.on('close', (code) => resolve({ passed: code === 0, output: chunks.join('') }))
  })
}

async function runStep(step) {
  await step.after?.finished
  const startedMs = performance.now()
  const { passed, output } = await run(step.command)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  console.log(`${passed ? 'ok    ' : 'FAILED'}  ${step.name}  ${seconds} s`)
  if (!passed) console.log(`$ ${step.command.join(' ')}\n${output.trimEnd()}\n`)
  return passed
}

/** Takes steps from the shared queue until it is empty. */
async function work(queue, results) {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
    step.finished = runStep(step)
    results.push(await step.finished)
  }
}

const queue = [...steps]
const results = []
await Promise.all(Array.from({ length: availableParallelism() }, () => work(queue, results)))

const failed = results.filter((passed) => !passed).length
console.log(`${results.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
