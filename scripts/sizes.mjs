// npm run build && node scripts/sizes.mjs [word …]: what a package brings along and how long a fresh process takes to
// import each of its subpaths, for packages whose names hold a word, or all.
//
// Size: the package and what it depends on, packed, installed alone into an empty folder, without optional peers.
// Time: of the import in a fresh process, the median of 11 and the least, less that of an empty module; the peers that a
// subpath imports are installed for it. Let nothing else run meanwhile: where the two are far apart, something did.
import { execFile, execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'sluice-sizes-'))
const words = process.argv.slice(2)
const runs = 11
const install = ['install', '--omit=dev', '--omit=optional', '--no-audit', '--no-fund', '--silent']

/** Frameworks are imported as types only; these are imported. */
const importedPeers = [
  'ioredis',
  'msgpackr',
  'express-session',
  'koa-session',
  'express-rate-limit',
]

try {
  const manifests = publishedManifests()
  const tarballs = await packAll(manifests)
  for (const manifest of manifests.filter(({ name }) => isAskedFor(name))) {
    const home = installAlone(manifest, tarballs)
    const { bytes, count } = sizeOf(join(home, 'node_modules'))
    const own = sizeOf(join(home, 'node_modules', manifest.name))
    installPeers(home, manifest)
    report(manifest, {
      bytes,
      count,
      ownBytes: own.bytes,
      times: await importTimes(home, manifest),
    })
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function publishedManifests() {
  return readdirSync(join(root, 'packages'))
    .map((name) => ({
      at: join(root, 'packages', name),
      ...manifestIn(join(root, 'packages', name)),
    }))
    .filter(({ private: isPrivate }) => isPrivate !== true)
}

function manifestIn(at) {
  return JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'))
}

function isAskedFor(name) {
  return words.length === 0 || words.some((word) => name.includes(word))
}

/** The tarball of each package, by its name. */
async function packAll(manifests) {
  const packed = await Promise.all(
    manifests.map(async ({ name, at }) => {
      const args = ['pack', '--json', '--pack-destination', folder]
      const { stdout } = await promisify(execFile)('npm', args, { cwd: at })
      return [name, join(folder, JSON.parse(stdout)[0].filename)]
    }),
  )
  return new Map(packed)
}

/** Sluice's own packages come from the tarballs, whoever depends on them. */
function installAlone(manifest, tarballs) {
  const home = join(folder, manifest.name.replace('@sluice/', ''))
  const wanted = [manifest.name, ...Object.keys(manifest.dependencies)]
  const dependencies = Object.fromEntries(
    wanted.filter((name) => tarballs.has(name)).map((name) => [name, `file:${tarballs.get(name)}`]),
  )
  mkdirSync(home)
  writeFileSync(join(home, 'package.json'), JSON.stringify({ private: true, dependencies }))
  execFileSync('npm', install, { cwd: home, stdio: ['ignore', 'ignore', 'inherit'] })
  return home
}

function installPeers(home, { peerDependencies = {} }) {
  const { devDependencies } = manifestIn(root)
  const peers = importedPeers
    .filter((name) => name in peerDependencies)
    .map((name) => `${name}@${devDependencies[name]}`)
  if (peers.length === 0) return
  execFileSync('npm', [...install, ...peers], { cwd: home, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** What files hold, in bytes, and how many packages there are. */
function sizeOf(at) {
  const files = readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  return {
    bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
    count: files.filter((file) => /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(file))
      .length,
  }
}

/** Of every subpath of the package, in ms. */
async function importTimes(home, { name, exports: subpaths }) {
  writeFileSync(join(home, 'empty.mjs'), '')
  const empty = await importMs(home, './empty.mjs')
  const times = []
  for (const [subpath, target] of Object.entries(subpaths)) {
    if (typeof target === 'string') continue
    const specifier = subpath.replace('.', name)
    const taken = await importMs(home, specifier)
    times.push({ specifier, ms: taken.median - empty.median, leastMs: taken.least - empty.least })
  }
  return times
}

/** One process after the other, so that none slows another. */
async function importMs(home, specifier) {
  const program = `const startedMs = performance.now()
    await import(${JSON.stringify(specifier)})
    console.log(performance.now() - startedMs)
    process.exit()`
  writeFileSync(join(home, 'import.mjs'), program)
  const times = []
  for (let run = 0; run < runs; run++) {
    const { stdout } = await promisify(execFile)(process.execPath, ['import.mjs'], { cwd: home })
    times.push(Number(stdout))
  }
  times.sort((a, b) => a - b)
  return { median: times[Math.floor(runs / 2)], least: times[0] }
}

function report({ name }, { bytes, ownBytes, count, times }) {
  const [main] = times
  console.log(`\n${name}: ${count} packages, ${kB(bytes)} on disk, of that ${kB(ownBytes)} its own`)
  for (const { specifier, ms, leastMs } of times) {
    const told = `${ms.toFixed(0).padStart(4)} ms, least ${leastMs.toFixed(0)}`
    console.log(`  ${specifier.padEnd(40)} ${told}`)
  }
  console.log(
    `  README: ${packagesText(count)}, ${kB(bytes)} on disk; imported in ${main.ms.toFixed(0)} ms.`,
  )
}

function kB(bytes) {
  return `${Math.round(bytes / 1000)
    .toLocaleString('en')
    .replaceAll(',', ' ')} kB`
}

function packagesText(count) {
  return count === 1 ? 'One package' : `${count} packages`
}
