import { readFileSync } from 'node:fs'

/** The first table of docs/values-and-codecs.md: for each kind of value what each codec does with it. */
export function fidelityTable(): Record<string, Record<string, string>> {
  const guide = readFileSync(new URL('../../../docs/values-and-codecs.md', import.meta.url), 'utf8')
  const [table = ''] = /^\|[^]*?\n\n/m.exec(guide) ?? []
  const rows = table
    .trim()
    .split('\n')
    .map((line) => line.split('|').slice(1, -1).map(trimmed))
  const [head = [], , ...body] = rows
  const codecs = head.slice(1).map((cell) => cell.replaceAll('`', ''))
  return Object.fromEntries(
    body.map(([kind = '', ...cells]) => [
      kind,
      Object.fromEntries(cells.map((cell, at) => [codecs[at] ?? '', cell])),
    ]),
  )
}

function trimmed(cell: string): string {
  return cell.trim()
}
