// npm run bench [-- word …]: builds, installs the peers of bench/ where they are not what its lock file says, and runs the
// benchmark.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bench = join(root, 'bench')
const installedList = 'node_modules/.package-lock.json'
const install = ['ci', '--no-audit', '--no-fund']
let current

// A terminal tells the child by itself; who ends this process alone ends the child, too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => current?.kill(signal))

if (!existsSync(join(root, installedList))) await run(root, 'npm', install)
await run(root, process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'])
if (!hasPeers()) await run(bench, 'npm', install)
await run(bench, process.execPath, ['run.js', ...process.argv.slice(2)])

/** Whether bench/ holds the versions that its lock file tells. When a file was written says nothing: git writes them anew. */
function hasPeers() {
  if (!existsSync(join(bench, installedList))) return false
  const installed = packagesOf(installedList)
  return Object.entries(packagesOf('package-lock.json'))
    .filter(([path, { optional }]) => path.startsWith('node_modules/') && !optional)
    .every(([path, { version }]) => path in installed && installed[path].version === version)
}

function packagesOf(list) {
  return JSON.parse(readFileSync(join(bench, list), 'utf8')).packages
}

/** Runs a command to its end, and ends with it if it fails. */
function run(cwd, command, args) {
  return new Promise((resolve) => {
    current = spawn(command, args, { cwd, stdio: 'inherit' })
    current.on('error', (error) => {
      console.error(error.message)
      process.exit(1)
    })
    current.on('exit', (code) => (code === 0 ? resolve() : process.exit(code ?? 1)))
  })
}
