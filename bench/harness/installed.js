import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bench = fileURLToPath(new URL('..', import.meta.url))

/** Never counted: who installs a package for them has them. */
const frameworks = new Set(['express', 'koa'])

/**
 * The folders of packages and of all that they cannot run without: their dependencies and the peers that they require. A
 * Redis client is counted where a package brings its own.
 */
export function closure(names) {
  const found = new Set()
  const visit = (name, from) => {
    const folder = folderOf(name, from)
    if (found.has(folder)) return
    found.add(folder)
    for (const needed of neededBy(manifestOf(folder))) visit(needed, folder)
  }
  for (const name of names) visit(name, bench)
  return [...found]
}

function neededBy({ dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }) {
  const peers = Object.keys(peerDependencies).filter(
    (name) => peerDependenciesMeta[name]?.optional !== true,
  )
  return [...Object.keys(dependencies), ...peers].filter((name) => !frameworks.has(name))
}

/** Where Node finds a package, seen from a folder. Those of this repository find theirs here, as they are installed here. */
function folderOf(name, from) {
  for (let at = from; at !== dirname(at); at = dirname(at)) {
    const folder = join(at, 'node_modules', name)
    if (existsSync(folder)) return folder
  }
  throw new Error(`${name} is not installed`)
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

/** What a package takes once it is installed, in bytes. */
export function bytesOf(folder) {
  if (realpathSync(folder) === folder) return bytesIn(folder)
  // One of this repository: what its tarball would hold.
  const packed = ['package.json', 'README.md', ...manifestOf(folder).files]
  return packed.reduce((sum, name) => sum + bytesIn(join(folder, name)), 0)
}

function bytesIn(path) {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.size
  const names = readdirSync(path).filter((name) => name !== 'node_modules')
  return names.reduce((sum, name) => sum + bytesIn(join(path, name)), 0)
}
