import type { EntryName, StateName } from './key-name.ts'
import { textOf, type FoundKey, type Question } from './question.ts'

/** What stampede guards keep. Entries are told by their payload, of those that are measured. */
export interface GuardReport {
  /** How many entries were looked into. */
  readonly lookedInto: number
  /** Entries of a guard whose ttl is not over. */
  readonly fresh: number
  /** Those whose ttl is over, kept to be served while they are refreshed or when a load fails. */
  readonly stale: number
  /** Those whose times stand too far from the end to be read: they carry many tags. */
  readonly undated: number
  /** Keys that somebody loads for the first time, under a lease. */
  readonly loading: number
  /** Entries in bytes (msgpack, compressed), which are not looked into. */
  readonly inBytes: number
  /** Refreshes under way. */
  readonly refreshing: number
  /** Refreshes that failed a moment ago. */
  readonly failed: number
  /** Tags whose generation is known. */
  readonly tags: number
}

/** Reads payloads of entries, and the areas `guard` and `guard-tag`. */
export interface GuardArea {
  askEntry(found: FoundKey<EntryName>): Question
  ask(found: FoundKey<StateName>): Question | undefined
  report(): GuardReport
}

// As `entry.ts` and `placeholder.ts` of the guard write them. '=' stands before JSON with tagged values.
const placeholderHead = '{"guard":1,"load":"'
const entryHead = /^=?\{"guard":1,"value":/
const times = /,"writtenAtMs":\d+,"expiresAtMs":(\d+),"loadMs":[\d.e+-]+(?:,"tags":\{.*\})?\}$/s

const [headBytes, tailBytes] = [24, 512]

/** Makes a reader that has seen nothing. */
export function createGuardArea(): GuardArea {
  const counts = {
    lookedInto: 0,
    fresh: 0,
    stale: 0,
    undated: 0,
    loading: 0,
    inBytes: 0,
    refreshing: 0,
    failed: 0,
    tags: 0,
  }
  return {
    askEntry: ({ key, nowMs }) => ({
      commands: [
        ['getrange', key, 0, headBytes],
        ['getrange', key, -tailBytes, -1],
      ],
      take([head, tail]) {
        if (!Buffer.isBuffer(head)) return
        counts.lookedInto++
        // A payload that is bytes starts as no UTF-8 text does.
        if ((head[0] ?? 0) >= 0x80 && (head[0] ?? 0) <= 0xc1) counts.inBytes++
        else if (head.toString('latin1').startsWith(placeholderHead)) counts.loading++
        else if (entryHead.test(head.toString('latin1'))) {
          const expiresAtMs = times.exec(textOf(tail) ?? '')?.[1]
          if (expiresAtMs === undefined) counts.undated++
          else if (Number(expiresAtMs) > nowMs) counts.fresh++
          else counts.stale++
        }
      },
    }),
    ask({ key, name }) {
      if (name.area === 'guard-tag') counts.tags++
      if (name.area !== 'guard') return undefined
      return {
        commands: [['get', key]],
        take([mark]) {
          const end = textOf(mark)?.split(':')[1]
          if (end === 'failed') counts.failed++
          else if (end !== undefined && end !== 'done') counts.refreshing++
        },
      }
    },
    report: () => ({ ...counts }),
  }
}
