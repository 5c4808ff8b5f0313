// What npm would publish, from a copy of the packages that is built from nothing: the dist folders of a working tree keep
// files whose sources are gone, and other processes may be reading them.
import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { runCommand, runNpm } from './children.mjs'

const notPacked = new Set(['node_modules', 'dist', 'coverage', 'tsconfig.tsbuildinfo'])

/** Copies what stands in the repository's packages, and links what they stand on. The copy's folders, by name. */
export function stagePackages(root, stage) {
  const names = publishedPackages(root)
  const modules = join(stage, 'node_modules')
  mkdirSync(join(modules, '@sluice'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@sluice') symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  cpSync(join(root, 'tsconfig.base.json'), join(stage, 'tsconfig.base.json'))
  for (const name of names) {
    const [from, to] = [join(root, 'packages', name), join(stage, 'packages', name)]
    cpSync(from, to, { recursive: true, filter: (path) => !notPacked.has(basename(path)) })
    symlinkSync(to, join(modules, '@sluice', name))
    const own = join(from, 'node_modules')
    if (readdirSync(from).includes('node_modules')) symlinkSync(own, join(to, 'node_modules'))
  }
  return names.map((name) => join(stage, 'packages', name))
}

function publishedPackages(root) {
  return readdirSync(join(root, 'packages')).filter(
    (name) => readManifest(join(root, 'packages', name)).private !== true,
  )
}

export function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

/** Builds the copy with the repository's compiler. */
export function buildPackages(root, folders) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  return runCommand([process.execPath, tsc, '-b', ...folders])
}

/** Packs the folders: what npm said, and the tarballs, each with its package's name, folder and files. */
export async function packPackages(folders, destination) {
  mkdirSync(destination, { recursive: true })
  const result = await runNpm(['pack', ...folders, '--json', '--pack-destination', destination])
  const listed = result.passed ? Object.values(JSON.parse(result.stdout)) : []
  const tarballs = listed.map(({ name, filename, files }) => ({
    name,
    folder: folders.find((folder) => readManifest(folder).name === name),
    path: join(destination, filename),
    files: files.map(({ path }) => path),
  }))
  return { ...result, tarballs }
}

/** What is wrong with the files of a tarball, a line each. */
export function complaintsOfContents(folder, files) {
  const has = new Set(files)
  const missing = (path, who) =>
    has.has(path) ? [] : [`${who} names ${path}, which is not packed`]
  return [
    ...['package.json', 'README.md', 'LICENSE'].flatMap((path) => missing(path, 'the house')),
    ...files.filter((path) => !isPublic(path)).map((path) => `${path} has no business there`),
    ...targets(readManifest(folder)).flatMap((path) => missing(path, 'package.json')),
    ...files
      .filter((path) => path.endsWith('.map'))
      .flatMap((path) => sourcesOf(folder, path).flatMap((source) => missing(source, path))),
  ]
}

const builtOrSource = /^(dist\/.*\.(js|d\.ts)(\.map)?|src\/.*\.ts|bin\/[^/]+\.js)$/
const ofTests = /(^|\/)(tests?|fixtures|__tests__)\/|\.test(-d)?\.|tsbuildinfo/

function isPublic(path) {
  if (['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'].includes(path)) return true
  return builtOrSource.test(path) && !ofTests.test(path)
}

/** Every file that the manifest points to. */
function targets({ exports = {}, bin = {} }) {
  const leaves = (value) =>
    typeof value === 'string' ? [value] : Object.values(value).flatMap(leaves)
  return [...leaves(exports), ...leaves(bin)].map((path) => path.replace(/^\.\//, ''))
}

/** The sources of a map, as paths in the package. */
function sourcesOf(folder, path) {
  const { sources, sourceRoot = '' } = JSON.parse(readFileSync(join(folder, path), 'utf8'))
  return sources.map((source) => join(dirname(path), sourceRoot, source))
}
