import { runApart } from './processes.js'

/**
 * Every contender's measures, or why it failed, in `rounds` rounds of all of them in turn (A B C A B C …), so that a slow
 * moment of the machine meets all. One that failed is not asked again.
 *
 * @returns by name `{ measures }` or `{ failed }`
 */
export async function runRounds(file, suite, given, progress) {
  const { contenders, atOnce = false, title } = suite
  const rounds = roundsOf(suite, given)
  const taken = Object.fromEntries(contenders.map((name) => [name, { measures: [] }]))
  const take = async (name) => {
    if (taken[name].failed !== undefined) return
    try {
      taken[name].measures.push(checked(await runApart('worker.js', [file, name])))
    } catch (error) {
      taken[name] = { failed: error.message }
    }
  }
  for (let round = 1; round <= rounds; round++) {
    for (const names of atOnce ? [contenders] : contenders.map((name) => [name])) {
      const who = atOnce ? 'all at once' : names[0]
      progress.show(`${title}, round ${round} of ${rounds}, ${who}`)
      await Promise.all(names.map(take))
      progress.stepDone()
    }
  }
  return taken
}

/** What is counted, and not timed, comes out the same each time. */
export function roundsOf({ counted = false }, given) {
  return counted ? 1 : given
}

/** How many steps of progress a suite has. */
export function stepsOf(suite, given) {
  const { contenders, atOnce = false } = suite
  return roundsOf(suite, given) * (atOnce ? 1 : contenders.length)
}

function checked(measure) {
  const numbers = Object.values(measure.columns ?? { value: measure.value })
  if (numbers.length > 0 && numbers.every(Number.isFinite)) return measure
  throw new Error(`no number was measured: ${JSON.stringify(measure)}`)
}
