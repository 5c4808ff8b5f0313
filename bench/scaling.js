// node bench/scaling.js: writes the tables of docs/scaling.md and its plot anew, of results/*.json; the same for the same results.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { format } from 'prettier'
import { readResults } from './harness/results.js'
import { fillTables, scalingTables } from './harness/scaling-page.js'
import { nodesLeases } from './plots/nodes-leases.js'

const page = new URL('../docs/scaling.md', import.meta.url)
const plot = new URL('../docs/images/nodes-leases.svg', import.meta.url)

/** The page as it stands, and as the results have it; and its plot. */
export async function scaling() {
  const results = readResults()
  const leases = results.find(({ suite }) => suite === 'scale-nodes-leases')
  const { alt, svg } = nodesLeases(leases)
  const stands = readFileSync(page, 'utf8')
  const filled = fillTables(stands, scalingTables(results)).replace(
    /!\[[^\]]*\](?=\(images\/nodes-leases\.svg\))/,
    () => `![${alt}]`,
  )
  const wanted = await format(filled, { parser: 'markdown', printWidth: 100 })
  return { stands, wanted, svg, drawn: existsSync(plot) ? readFileSync(plot, 'utf8') : '' }
}

/** Writes the page and its plot anew. */
export async function writeScaling() {
  const { wanted, svg } = await scaling()
  writeFileSync(page, wanted)
  writeFileSync(plot, svg)
}

if (argv[1] === fileURLToPath(import.meta.url)) await writeScaling()
