import { readFileSync } from 'node:fs'

const read = (name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'))
const lock = read('package-lock.json').packages
const installed = Object.keys(read('package.json').dependencies)

/** What a contender calls a package: its name, or what says most of it. */
const callNames = installed
  .filter((name) => !name.startsWith('@sluice/'))
  .flatMap((name) => [name, shortName(name)].map((word) => ({ word, name })))
  .toSorted((a, b) => b.word.length - a.word.length)

function shortName(name) {
  const [scope, rest] = name.split('/')
  if (rest === undefined) return name
  return rest === 'core' ? scope.slice(1) : rest
}

/** The version that the lock file of this folder installs. */
export function versionOf(name) {
  const entry = lock[`node_modules/${name}`]
  return entry.link ? lock[entry.resolved].version : entry.version
}

/**
 * The packages that a contender is made of, with versions: those that its suite tells, or those in its name, the longest first.
 *
 * @param own the package of ours that is meant by "sluice"
 */
export function packagesOf(contender, own, told) {
  const names = told === undefined ? namesIn(contender, own) : [told].flat()
  return Object.fromEntries(names.map((name) => [name, versionOf(name)]))
}

function namesIn(contender, own) {
  const found = /\bsluice\b/.test(contender) ? [own] : []
  let left = contender
  for (const { word, name } of callNames) {
    const rest = without(left, word)
    if (rest === left) continue
    left = rest
    if (!found.includes(name)) found.push(name)
  }
  return found
}

/** `text` without a word that no letter and no dash is next to. */
function without(text, word) {
  const at = text.indexOf(word)
  const around = `${text[at - 1] ?? ''} ${text[at + word.length] ?? ''}`
  return at === -1 || /[\w@/-]/.test(around) ? text : text.replace(word, '|')
}
