import { bytesText, countText, pluralText } from './amounts.ts'
import { areaLines } from './areas-text.ts'
import type { GroupReport } from './groups.ts'
import type { InspectReport } from './inspect.ts'
import type { PrefixReport } from './prefix-survey.ts'
import { printable } from './printable.ts'
import type { ServerReport } from './server-report.ts'
import type { Style } from './style.ts'
import { tableLines, wrap, type Column } from './table.ts'

const keyWidth = 64
const [mostGroups, mostBiggest, mostNamed] = [12, 5, 5]

/** The report for a terminal: no line is wider than 100 columns, and nothing of a key is obeyed by it. */
export function reportText(report: InspectReport, style: Style): string {
  const lines = [
    ...report.servers.flatMap((server) => serverLines(server, style)),
    ...report.warnings.flatMap((warning) => alertLines(warning, style)),
    ...scopeLines(report, style),
    ...report.prefixes.flatMap((prefix) => ['', ...prefixLines(prefix, style)]),
  ]
  return `${lines.join('\n')}\n`
}

function serverLines(server: ServerReport, { heading, dim }: Style): readonly string[] {
  const { address, version = 'redis', role = '', usedBytes, maxBytes = 0, policy } = server
  if (server.error !== undefined) return [heading(printable(address, 50)), '  not looked at']
  const memory =
    usedBytes === undefined
      ? 'memory not known: the user may not ask INFO'
      : `${bytesText(usedBytes)} used${maxBytes === 0 ? ', no maxmemory' : ` of ${bytesText(maxBytes)}`}`
  const facts = [
    memory,
    ...(policy === undefined ? [] : [policy]),
    ...(server.evictedKeys === undefined ? [] : [`${countText(server.evictedKeys)} evicted`]),
    ...(server.keys === undefined ? [] : [pluralText(server.keys, 'key')]),
  ]
  const title = printable(`${version} ${role}`.trim(), 40)
  return [
    `${heading(printable(address, 50))}  ${dim(title)}`,
    `  ${printable(facts.join(', '), 98)}`,
  ]
}

function scopeLines(report: InspectReport, style: Style): readonly string[] {
  const { keys, otherKeys, furtherKeys, missed, prefixes } = report
  const names = prefixes.map(({ prefix }) => prefix).join(', ')
  const found = `${pluralText(keys, 'key')} looked at`
  const under =
    prefixes.length === 0
      ? 'no cache found'
      : `${pluralText(prefixes.length, 'prefix', 'prefixes')}: ${names}`
  return [
    ...(report.partial ? alertLines(partialText(report), style) : []),
    ...wrap(`${found}; ${under}`),
    ...note(otherKeys, 'of other programs'),
    ...note(furtherKeys, 'of further prefixes: name one by --prefix'),
    ...note(missed.vanished, 'gone before they were looked at'),
    ...note(missed.moved, 'moved to another node meanwhile'),
    ...(missed.denied.length === 0
      ? []
      : alertLines(
          `The user may not ${missed.denied.join(', ').toUpperCase()}: give it +@read +info +time on these keys.`,
          style,
        )),
  ]
}

function partialText({ error }: InspectReport): string {
  return `PARTIAL: ${error ?? 'stopped before all keys were looked at'}`
}

function note(count: number, what: string): readonly string[] {
  return count === 0 ? [] : [`  ${pluralText(count, 'key')} ${what}`]
}

function prefixLines(report: PrefixReport, style: Style): readonly string[] {
  const { prefix, keys, totalBytes } = report
  const size = totalBytes === undefined ? '' : `, ${aboutText(report)}${bytesText(totalBytes)}`
  return [
    style.heading(`${prefix}: ${pluralText(keys, 'key')}${size}`),
    ...groupLines('Entries', 'entries by namespace', report.namespaces, style),
    ...groupLines('State', 'state by area', report.areas, style),
    ...ttlLines(report, style),
    ...biggestLines(report, style),
    ...foreignLines(report, style),
    ...areaLines(report, style),
  ]
}

/** True sizes where all keys were measured. */
function aboutText({ namespaces, areas }: PrefixReport): string {
  return [...namespaces, ...areas].some(({ keys, measured }) => measured < keys) ? 'about ' : ''
}

function groupLines(
  what: string,
  title: string,
  groups: readonly GroupReport[],
  { dim }: Style,
): readonly string[] {
  if (groups.length === 0) return []
  const columns: readonly Column[] = [
    { title, align: 'left' },
    { title: 'keys', align: 'right' },
    { title: 'mean', align: 'right' },
    { title: 'total', align: 'right' },
    { title: 'measured', align: 'right' },
  ]
  const rows = groups.slice(0, mostGroups).map((group) => {
    const { name, keys, measured, meanBytes, totalBytes } = group
    const label = name === '' ? (what === 'State' ? '(not formed as ours)' : '(none)') : name
    return [
      printable(label, 44),
      countText(keys),
      meanBytes === undefined ? '' : bytesText(meanBytes),
      totalBytes === undefined ? '' : bytesText(totalBytes),
      measured === keys ? 'all' : countText(measured),
    ]
  })
  const rest = groups.length - rows.length
  const [head = '', ...body] = tableLines(columns, rows)
  return ['', dim(head), ...body, ...(rest > 0 ? [`  and ${countText(rest)} more`] : [])]
}

function ttlLines({ ttls, withoutTtl }: PrefixReport, style: Style): readonly string[] {
  const columns = ['time to live', 'none', '< 1 m', '< 1 h', '< 1 d', 'longer'].map(
    (title, at): Column => ({ title, align: at === 0 ? 'left' : 'right' }),
  )
  const counts = [ttls.none, ttls.underMinute, ttls.underHour, ttls.underDay, ttls.longer]
  const [head = '', ...body] = tableLines(columns, [['keys', ...counts.map(countText)]])
  const named = withoutTtl.slice(0, mostNamed).map((key) => `    ${printable(key, 94)}`)
  const leak = `${pluralText(ttls.none, 'key')} without ttl: nothing removes ${ttls.none === 1 ? 'it' : 'them'}, such as`
  return [
    '',
    style.dim(head),
    ...body,
    ...(ttls.none === 0 ? [] : [`  ${style.alert(leak)}`, ...named]),
  ]
}

function biggestLines({ biggest }: PrefixReport, { dim }: Style): readonly string[] {
  if (biggest.length === 0) return []
  const columns: readonly Column[] = [
    { title: 'biggest', align: 'right' },
    { title: 'type', align: 'left' },
    { title: 'key', align: 'left' },
  ]
  const rows = biggest
    .slice(0, mostBiggest)
    .map(({ key, type, bytes }) => [
      bytesText(bytes),
      printable(type, 10),
      printable(key, keyWidth),
    ])
  const [head = '', ...body] = tableLines(columns, rows)
  return ['', dim(head), ...body]
}

function foreignLines({ foreign }: PrefixReport, style: Style): readonly string[] {
  if (foreign.count === 0) return []
  const what = `${pluralText(foreign.count, 'key')} of a type that no cache keeps there, such as`
  const named = foreign.keys.slice(0, mostNamed).map((key) => `    ${printable(key, 94)}`)
  return ['', `  ${style.alert(what)}`, ...named]
}

function alertLines(text: string, { alert }: Style): readonly string[] {
  return wrap(printable(text, 1000)).map(alert)
}
