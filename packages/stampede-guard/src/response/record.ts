import type { Freshness } from './freshness.ts'
import type { Selection } from './vary.ts'
import type { HeaderLine } from './visit.ts'

/** The format of a record. A reader treats one that it does not know as a miss, and writes its own. */
const format = 1

/** The generation of a tag that a response was made under. */
export type Stamp = readonly [name: string, generation: string]

/** One response to one URL, without its body. */
export interface Variant extends Freshness {
  /** Names the body. Never used twice. */
  readonly id: string
  readonly status: number
  /** As every hit sends them. */
  readonly headers: readonly HeaderLine[]
  /** The names in its Vary, sorted. */
  readonly vary: readonly string[]
  /** What the request that made it said in them. */
  readonly selection: Selection
  /** The value of its ETag and Last-Modified, where it has them. */
  readonly etag?: string
  readonly lastModified?: string
  /** When its head left the handler, by the clock of the process that wrote it. */
  readonly atMs: number
  /** How old it was then (RFC 9111 4.2.3). */
  readonly initialAgeMs: number
  /** When it is of no use any more. */
  readonly untilMs: number
  /** It holds while all of these are current. */
  readonly stamps: readonly Stamp[]
}

/** What is kept under a URL: its variants, the newest first. */
export interface PageRecord {
  readonly responses: typeof format
  readonly variants: readonly Variant[]
}

/** What the cache gave, if it is a record. Anything else under the key counts as a miss. */
export function isRecord(found: unknown): found is PageRecord {
  return (
    typeof found === 'object' &&
    found !== null &&
    'responses' in found &&
    found.responses === format &&
    'variants' in found &&
    Array.isArray(found.variants)
  )
}

/** A record with a new variant, in place of the one that `isReplaced` names, of those that are over, and of the oldest. */
export function withVariant(
  record: unknown,
  variant: Variant,
  isReplaced: (other: Variant) => boolean,
  most: number,
): PageRecord {
  const others = isRecord(record) ? record.variants : []
  const kept = others.filter((other) => other.untilMs > variant.atMs && !isReplaced(other))
  return { responses: format, variants: [variant, ...kept].slice(0, most) }
}
