const { stderr } = process

/**
 * A line on stderr: where the run is, and what is about left. Steps that are left are taken to last as long as those before
 * them: of this suite, else of all.
 *
 * @param steps how many each suite has, in their order
 */
export function createProgress(steps) {
  const startedMs = performance.now()
  let suite = -1
  let suiteMs = startedMs
  let done = 0
  let doneOfSuite = 0

  const leftMs = () => {
    const nowMs = performance.now()
    const later = steps.slice(suite + 1).reduce((sum, count) => sum + count, 0)
    const mean = (nowMs - startedMs) / Math.max(done, 1)
    const meanOfSuite = doneOfSuite === 0 ? mean : (nowMs - suiteMs) / doneOfSuite
    return (steps[suite] - doneOfSuite) * meanOfSuite + later * mean
  }
  const show = (text) => {
    const left = done === 0 ? '' : `, about ${minutes(leftMs())} left`
    const line = `suite ${suite + 1} of ${steps.length}${left}: ${text}`
    if (stderr.isTTY) stderr.write(`\r${line.slice(0, (stderr.columns ?? 80) - 1)}\u001B[K`)
    else if (doneOfSuite === 0) stderr.write(`${line}\n`)
  }
  return {
    nextSuite() {
      suite++
      suiteMs = performance.now()
      doneOfSuite = 0
    },
    show,
    stepDone() {
      done++
      doneOfSuite++
    },
    /** Seconds that the suite has taken. */
    clear() {
      if (stderr.isTTY) stderr.write('\r\u001B[K')
      return (performance.now() - suiteMs) / 1000
    },
  }
}

function minutes(ms) {
  return ms < 90_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`
}
