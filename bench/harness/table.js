/** Prints medians with their spread, and what each is of the floor: above 1 is faster (or smaller). */
export function printTable(suite, results) {
  const rows = [...results].map(([name, measures]) => {
    const values = measures.map(({ value }) => value).toSorted((a, b) => a - b)
    const middle = values[Math.floor(values.length / 2)]
    return { name, median: middle, spread: (values.at(-1) - values[0]) / middle }
  })
  const floor = rows.find(({ name }) => name === suite.floor).median
  console.log(`${suite.title} (${suite.unit}; ratio to "${suite.floor}")`)
  for (const { name, median, spread } of rows.toSorted((a, b) => a.median - b.median)) {
    const noise = spread > 0.15 ? `  noise ±${Math.round(spread * 50)} %` : ''
    const rate = suite.unit.startsWith('ns') ? `${format(1e9 / median)}/s`.padStart(13) : ''
    const ratio = `${(floor / median).toFixed(2).padStart(7)}x`
    console.log(`  ${name.padEnd(30)} ${format(median).padStart(12)} ${rate} ${ratio}${noise}`)
  }
  console.log()
}

function format(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)
}
