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

/** Nanoseconds an operation, of the best half of twenty slices: what is not the contender's fault is left out. */
async function perOperation({ run }) {
  const slice = suite.slice ?? 2000
  for (let warm = 0; warm < 5; warm++) await run(slice)
  const times = []
  for (let at = 0; at < 20; at++) {
    const started = process.hrtime.bigint()
    await run(slice)
    times.push(Number(process.hrtime.bigint() - started) / slice)
  }
  times.sort((a, b) => a - b)
  return { value: times[Math.floor(times.length / 4)] }
}
