import { durationMs, type Duration } from './duration.ts'
import { OptionError } from './errors.ts'
import { show } from './show.ts'

/**
 * Refuses what is not a plain options object, and every name in it that the function does not know; a near miss is
 * suggested. An option that is `undefined` counts as absent everywhere in Sluice.
 *
 * @param owner the function, as the caller wrote it: `'createCache'`
 */
export function checkOptions(owner: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new OptionError(
      `Expected ${owner}() to be given an options object, got ${show(options)}.`,
    )
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const near = nearest(name, known)
    const fix = near === undefined ? `Known are ${known.join(', ')}.` : `Did you mean "${near}"?`
    throw new OptionError(`${owner}() has no option "${name}". ${fix}`)
  }
}

/** The error for an option of the wrong kind. `expected` completes "Expected "name" to be …". */
export function wrongOption(name: string, expected: string, given: unknown): OptionError {
  return new OptionError(`Expected "${name}" to be ${expected}; got ${show(given)}.`)
}

/** A whole number of at least `least` (default 1), or the fallback when absent. */
export function integerOption(value: unknown, name: string, fallback: number, least = 1): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value
  throw wrongOption(name, `a whole number of at least ${least}`, value)
}

/** Milliseconds of a duration, or the fallback when absent. */
export function durationOption(value: unknown, name: string, fallback: Duration): number {
  return durationMs(value === undefined ? fallback : value, name)
}

/** One of a few words, or the fallback when absent. */
export function choiceOption<Choice extends string>(
  value: unknown,
  name: string,
  choices: readonly Choice[],
  fallback: Choice,
): Choice {
  if (value === undefined) return fallback
  const found = choices.find((choice) => choice === value)
  if (found !== undefined) return found
  throw wrongOption(name, `one of ${choices.map((choice) => `'${choice}'`).join(', ')}`, value)
}

/** True or false, or the fallback when absent. */
export function booleanOption(value: unknown, name: string, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value === 'boolean') return value
  throw wrongOption(name, 'true or false', value)
}

/** Refuses what is neither absent nor a function. */
export function checkFunction(value: unknown, name: string): void {
  if (value !== undefined && typeof value !== 'function')
    throw wrongOption(name, 'a function', value)
}

/** The name that was probably meant: at most two letters away. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= 2 ? best.candidate : undefined
}

/** Levenshtein distance of two short words, case ignored. */
function editDistance(a: string, b: string): number {
  const [from, to] = [a.toLowerCase(), b.toLowerCase()]
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
