import { columnsOf } from './printable.ts'

/** A column: its heading, and to which side its cells lean. */
export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
}

const gap = '  '
const indent = '  '

/** Lines of a table, the headings first. Cells are printable and bounded already. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const all = [columns.map(({ title }) => title), ...rows]
  const widths = columns.map((_, at) => Math.max(...all.map((row) => columnsOf(row[at] ?? ''))))
  return all.map((row) => {
    const cells = columns.map(({ align }, at) => {
      const cell = row[at] ?? ''
      const padding = ' '.repeat((widths[at] ?? 0) - columnsOf(cell))
      return align === 'left' ? cell + padding : padding + cell
    })
    return (indent + cells.join(gap)).trimEnd()
  })
}

const lineWidth = 100 - indent.length

/** Words as lines that are not too wide; a word that is gets cut. No lines for no text. */
export function wrap(text: string): readonly string[] {
  if (text === '') return []
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const cut = word.slice(0, lineWidth)
    if (line !== '' && line.length + 1 + cut.length > lineWidth) {
      lines.push(indent + line)
      line = ''
    }
    line = line === '' ? cut : `${line} ${cut}`
  }
  return [...lines, indent + line]
}
