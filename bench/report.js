// node bench/report.js: docs/benchmarks.md and the plots docs/images/bench-*.svg of results/*.json; the same for the same results.
import { mkdirSync, writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { format } from 'prettier'
import { report } from './harness/report.js'
import { readResults } from './harness/results.js'
import { plotsOf } from './plots/groups.js'

const docs = new URL('../docs/', import.meta.url)

/** Writes the page and the plots anew. */
export async function writeReport() {
  const results = readResults()
  if (results.length === 0) return
  const plots = plotsOf(results)
  mkdirSync(new URL('images/', docs), { recursive: true })
  for (const [group, { svg }] of Object.entries(plots)) {
    writeFileSync(new URL(`images/bench-${group}.svg`, docs), svg)
  }
  const said = Object.fromEntries(Object.entries(plots).map(([group, { alt }]) => [group, alt]))
  const page = await format(report(results, said), { parser: 'markdown', printWidth: 100 })
  writeFileSync(new URL('benchmarks.md', docs), page)
}

if (argv[1] === fileURLToPath(import.meta.url)) await writeReport()
