// One contender of one suite, in this process alone: checks its answers, warms up, measures, prints JSON.
const [file, name] = process.argv.slice(2)
const suite = await import(new URL(`../suites/${file}`, import.meta.url))
const contender = await suite.contenders[name]()

await contender.check?.()
const measured =
  suite.measure === undefined ? await perOperation(contender) : await suite.measure(contender)
console.log(JSON.stringify(measured))
await contender.close?.()
process.exit(0)

/**
 * Nanoseconds an operation: the best quarter of twenty slices ends there, so that what befalls a slice from outside is left
 * out. A slice is long enough, 20 ms, for the garbage of its operations to be collected in it; after 0.8 s five are enough.
 */
async function perOperation({ run }) {
  let slice = suite.slice ?? 2000
  const timed = async () => {
    const startedAt = process.hrtime.bigint()
    await run(slice)
    return Number(process.hrtime.bigint() - startedAt)
  }
  const startedMs = performance.now()
  let last
  for (let warm = 0; warm < 5 || performance.now() < startedMs + 250; warm++) last = await timed()
  slice *= Math.ceil(20e6 / last)

  const endMs = performance.now() + 800
  const times = []
  while (times.length < 20 && (times.length < 5 || performance.now() < endMs)) {
    times.push((await timed()) / slice)
  }
  times.sort((a, b) => a - b)
  return { value: times[Math.floor(times.length / 4)] }
}
