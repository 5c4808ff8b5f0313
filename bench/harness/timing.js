/** The middle of `values`. */
export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

/** How long each of `count` calls took, in ns, one after the other; the call is given its number. */
export async function timesNs(count, operation) {
  const times = []
  for (let at = 0; at < count; at++) {
    const startedAt = process.hrtime.bigint()
    await operation(at)
    times.push(Number(process.hrtime.bigint() - startedAt))
  }
  return times
}

/** How many operations a second `run(n)` does, over a second, after a third of one to warm up. */
export async function perSecond(run, slice) {
  const runFor = async (ms) => {
    const startedAt = performance.now()
    let done = 0
    let elapsedMs = 0
    while (elapsedMs < ms) {
      await run(slice)
      done += slice
      elapsedMs = performance.now() - startedAt
    }
    return (1000 * done) / elapsedMs
  }
  await runFor(300)
  return runFor(1000)
}

/** Nanoseconds an operation that `run(n)` does many of: the first quartile of twenty slices, after five to warm up. */
export async function perOperationNs(run, slice) {
  for (let warm = 0; warm < 5; warm++) await run(slice)
  const times = await timesNs(20, () => run(slice))
  return times.toSorted((a, b) => a - b)[5] / slice
}
