import { createGuardArea, type GuardArea, type GuardReport } from './area-guard.ts'
import { createLimitsArea, type LimitsArea, type LimitsReport } from './area-limits.ts'
import { createLocksArea, type LocksArea, type LocksReport } from './area-locks.ts'
import {
  createSessionsArea,
  pseudonymOf,
  type SessionsArea,
  type SessionsReport,
} from './area-sessions.ts'
import { createGroups, type GroupReport } from './groups.ts'
import type { EntryName, KeyName, StateName } from './key-name.ts'
import { createLargest } from './largest.ts'
import { wholeOf, type FoundKey, type Question } from './question.ts'
import { createTtlCounter, type TtlSpread } from './ttl-spread.ts'

/** A key and its size. */
export interface SizeReport {
  readonly key: string
  readonly type: string
  readonly bytes: number
}

/** What was found under a prefix. */
export interface PrefixReport {
  readonly prefix: string
  readonly keys: number
  /** Of all keys, by what was measured. Absent where nothing was. */
  readonly totalBytes?: number
  /** Cached entries by the first level of their key. */
  readonly namespaces: readonly GroupReport[]
  /** What operations keep, by area. */
  readonly areas: readonly GroupReport[]
  readonly ttls: TtlSpread
  /** Some of the keys that never expire. */
  readonly withoutTtl: readonly string[]
  /** The biggest of those that were measured. */
  readonly biggest: readonly SizeReport[]
  /** Keys of another type than Sluice writes under such a name. */
  readonly foreign: { readonly count: number; readonly keys: readonly string[] }
  readonly sessions: SessionsReport
  readonly limits: LimitsReport
  readonly locks: LocksReport
  readonly guard: GuardReport
}

/** Gathers what is to be known of a prefix, in bounded memory. */
export interface PrefixSurvey {
  /** Counts a key, and says what else is to be asked of it. */
  add(found: FoundKey): readonly Question[]
  report(): PrefixReport
}

const mostNamed = 10

/** Of which types the keys of each area are, companions included. */
const typesByArea: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    session: ['hash', 'string'],
    'session-user': ['zset', 'string'],
    concurrent: ['zset'],
    lock: ['hash'],
    semaphore: ['hash'],
    'read-write': ['hash'],
    fenced: ['hash'],
    limit: ['string'],
    hits: ['string'],
    guard: ['string'],
    'guard-tag': ['string'],
    'guard-tags': ['string'],
  }),
)

interface Areas {
  readonly sessions: SessionsArea
  readonly limits: LimitsArea
  readonly locks: LocksArea
  readonly guard: GuardArea
}

/** @param sample how many keys of each namespace and area are measured, and of how many entries the payload is looked into */
export function createPrefixSurvey(prefix: string, sample: number): PrefixSurvey {
  const [namespaces, areas] = [createGroups(sample), createGroups(sample)]
  const ttls = createTtlCounter()
  const biggest = createLargest<SizeReport>(mostNamed, ({ bytes }) => bytes)
  const foreign = { count: 0, keys: [] as string[] }
  const withoutTtl: string[] = []
  const readers: Areas = {
    sessions: createSessionsArea(),
    limits: createLimitsArea(),
    locks: createLocksArea(),
    guard: createGuardArea(),
  }
  let keys = 0

  const measure = (found: FoundKey, group: string): Question => ({
    commands: [['memory', 'usage', found.key]],
    take([reply]) {
      const bytes = wholeOf(reply)
      if (bytes === undefined) return
      const { kind } = found.name
      ;(kind === 'entry' ? namespaces : areas).measure(group, bytes)
      biggest.add({ key: shownKey(found), type: found.type, bytes })
    },
  })
  const count = (found: FoundKey): void => {
    keys++
    ttls.add(found.ttlMs)
    if (found.ttlMs < 0 && withoutTtl.length < mostNamed) withoutTtl.push(shownKey(found))
    if (isOurs(found)) return
    foreign.count++
    if (foreign.keys.length < mostNamed) foreign.keys.push(shownKey(found))
  }
  return {
    add(found) {
      count(found)
      const { name } = found
      const group = name.kind === 'entry' ? name.namespace : name.area
      const isMeasured = (name.kind === 'entry' ? namespaces : areas).count(group)
      const questions = isMeasured ? [measure(found, group)] : []
      const question = isOurs(found) ? ask(readers, found, isMeasured) : undefined
      return question === undefined ? questions : [...questions, question]
    },
    report: () => ({
      prefix,
      keys,
      ...totalOf([...namespaces.report(), ...areas.report()]),
      namespaces: namespaces.report(),
      areas: areas.report(),
      ttls: ttls.report(),
      withoutTtl,
      biggest: biggest.list(),
      foreign,
      sessions: readers.sessions.report(),
      limits: readers.limits.report(),
      locks: readers.locks.report(),
      guard: readers.guard.report(),
    }),
  }
}

function ask(readers: Areas, found: FoundKey, isMeasured: boolean): Question | undefined {
  if (isEntry(found)) return isMeasured ? readers.guard.askEntry(found) : undefined
  if (!isState(found)) return undefined
  switch (found.name.area) {
    case 'session':
      return readers.sessions.ask(found)
    case 'limit':
    case 'concurrent':
    case 'hits':
      return readers.limits.ask(found)
    case 'lock':
    case 'semaphore':
    case 'read-write':
      return readers.locks.ask(found)
    default:
      return readers.guard.ask(found)
  }
}

function isEntry(found: FoundKey): found is FoundKey<EntryName> {
  return found.name.kind === 'entry'
}

function isState(found: FoundKey): found is FoundKey<StateName> {
  return found.name.kind === 'state'
}

/** False for a key of another program, or of a type that no reader here expects. An area that is not known may hold any. */
function isOurs({ name, type }: { readonly name: KeyName; readonly type: string }): boolean {
  if (name.kind === 'entry') return type === 'string'
  return typesByArea.get(name.area)?.includes(type) ?? true
}

function totalOf(groups: readonly GroupReport[]): { readonly totalBytes?: number } {
  const known = groups.flatMap(({ totalBytes }) => (totalBytes === undefined ? [] : [totalBytes]))
  return known.length === 0 ? {} : { totalBytes: known.reduce((sum, bytes) => sum + bytes, 0) }
}

const longestKey = 200

/** A key may be as long as somebody wants: a report keeps its beginning. No key of a report names a user. */
function shownKey({ text, name }: FoundKey): string {
  const isUser = name.kind === 'state' && name.area === 'session-user'
  const shown = isUser
    ? `${name.prefix}#${name.area}:${name.levels}{${pseudonymOf(name.name)}}${name.ending}`
    : text
  return shown.length <= longestKey ? shown : `${shown.slice(0, longestKey)}…`
}
