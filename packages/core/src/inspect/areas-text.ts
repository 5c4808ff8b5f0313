import { countText, pluralText, spanText } from './amounts.ts'
import type { GuardReport } from './area-guard.ts'
import type { BlockReport, LimitReport, LimitsReport } from './area-limits.ts'
import type { LeaseReport, LocksReport } from './area-locks.ts'
import type { SessionsReport } from './area-sessions.ts'
import type { PrefixReport } from './prefix-survey.ts'
import { printable } from './printable.ts'
import type { Style } from './style.ts'
import { tableLines, wrap, type Column } from './table.ts'

/** What the packages keep under a prefix; a package that keeps nothing is left out. */
export function areaLines(
  { sessions, limits, locks, guard }: PrefixReport,
  style: Style,
): readonly string[] {
  return [
    ...section('Sessions', sessionLines(sessions), style),
    ...section('Limits', limitLines(limits, style), style),
    ...section('Locks', lockLines(locks, style), style),
    ...section('Guard', guardLines(guard), style),
  ]
}

function section(title: string, lines: readonly string[], { heading }: Style): readonly string[] {
  return lines.length === 0 ? [] : ['', `  ${heading(title)}`, ...lines]
}

function sessionLines(report: SessionsReport): readonly string[] {
  const { live, signedIn, anonymous, ended, users, usersAtLeast, perUser, middleware } = report
  if (live + ended + middleware.length === 0) return []
  const of = `${usersAtLeast ? 'at least ' : ''}${pluralText(users, 'user')}`
  const gone = ended === 0 ? '' : `, ${countText(ended)} ended and not removed yet`
  const most = perUser.map(({ user, sessions }) => `${printable(user, 30)} ${countText(sessions)}`)
  return [
    `  ${countText(live)} live: ${countText(signedIn)} signed in by ${of}, ${countText(anonymous)} anonymous${gone}`,
    ...wrap(most.length === 0 ? '' : `most, by hash of the user: ${most.join(', ')}`),
    ...middleware
      .slice(0, 5)
      .map(({ name, sessions }) => `  ${countText(sessions)} of ${printable(name, 40)}`),
  ]
}

function limitLines(report: LimitsReport, style: Style): readonly string[] {
  const { counting, nearFull, nearFullCount, mostUsed, blocked, blockedCount } = report
  if (counting + blockedCount === 0) return []
  const more = nearFullCount > nearFull.length ? `, the fullest ${nearFull.length} here` : ''
  return [
    `  ${countText(counting)} counting, ${countText(nearFullCount)} at 80 % or more of a known limit${more}`,
    ...usageTable('near full', nearFull, style),
    ...usageTable('most used, limit not kept', mostUsed, style),
    ...blockTable(blocked, blockedCount, style),
  ]
}

function usageTable(title: string, rows: readonly LimitReport[], style: Style): readonly string[] {
  const columns: readonly Column[] = [
    { title, align: 'left' },
    { title: 'key', align: 'left' },
    { title: 'used', align: 'right' },
    { title: 'resets in', align: 'right' },
  ]
  const cells = rows.map((row) => {
    const { key, used, limit, resetsInMs } = row
    return [
      printable(policyText(row), 30),
      printable(key, 34),
      `${used === undefined ? '?' : countText(used)}${limit === undefined ? '' : `/${countText(limit)}`}`,
      resetsInMs === undefined ? '' : spanText(resetsInMs),
    ]
  })
  return table(columns, cells, style)
}

function policyText({ policy, algorithm, windowMs }: LimitReport): string {
  if (algorithm === 'concurrency') return `${policy} at once`
  return windowMs === undefined ? `${policy} (hits)` : `${policy} per ${spanText(windowMs)}`
}

function blockTable(rows: readonly BlockReport[], count: number, style: Style): readonly string[] {
  const columns: readonly Column[] = [
    { title: `blocked: ${countText(count)}`, align: 'left' },
    { title: 'key', align: 'left' },
    { title: 'for', align: 'right' },
  ]
  const cells = rows.map(({ limiter, key, remainingMs }) => [
    printable(limiter, 30),
    printable(key, 34),
    spanText(remainingMs),
  ])
  return table(columns, cells, style)
}

function lockLines(report: LocksReport, style: Style): readonly string[] {
  const { held, remembered, leases, waiting, longestHeld } = report
  if (remembered === 0) return []
  return [
    `  ${countText(held)} held by ${pluralText(leases, 'lease')}, ${countText(waiting)} waiting; ` +
      `${pluralText(remembered, 'name')} with a fence that is remembered`,
    ...leaseTable(longestHeld.slice(0, mostLeases), style),
    ...(leases > mostLeases ? [`  and ${countText(leases - mostLeases)} more`] : []),
  ]
}

const mostLeases = 15

function leaseTable(rows: readonly LeaseReport[], style: Style): readonly string[] {
  const columns: readonly Column[] = [
    { title: 'held', align: 'left' },
    { title: 'owner', align: 'left' },
    { title: 'since', align: 'right' },
    { title: 'ends in', align: 'right' },
    { title: 'fence', align: 'right' },
    { title: 'wait', align: 'right' },
  ]
  const cells = rows.map((lease) => [
    printable(lease.name, 22 - kindText(lease).length) + kindText(lease),
    printable(lease.owner, 26),
    spanText(lease.ageMs),
    spanText(lease.remainingMs),
    String(lease.fence),
    countText(lease.waiting),
  ])
  return table(columns, cells, style)
}

function kindText({ kind, units }: LeaseReport): string {
  if (kind === 'lock') return ''
  return kind === 'semaphore' ? ` (${countText(units)})` : ` (${kind})`
}

function guardLines(report: GuardReport): readonly string[] {
  const { lookedInto, fresh, stale, undated, loading, inBytes, refreshing, failed, tags } = report
  if (fresh + stale + undated + loading + refreshing + failed + tags === 0) return []
  const more = [
    ...(undated === 0 ? [] : [`${countText(undated)} undated`]),
    ...(inBytes === 0 ? [] : [`${countText(inBytes)} in bytes, not read`]),
  ]
  return [
    `  ${countText(fresh)} fresh, ${[`${countText(stale)} stale`, ...more].join(', ')}, of ` +
      `${pluralText(lookedInto, 'entry', 'entries')} looked into`,
    `  ${countText(loading)} loading, ${countText(refreshing)} refreshing, ${countText(failed)} failed just now, ` +
      pluralText(tags, 'tag'),
  ]
}

function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { dim }: Style,
): readonly string[] {
  if (rows.length === 0) return []
  const [head = '', ...body] = tableLines(columns, rows)
  return [dim(head), ...body]
}
