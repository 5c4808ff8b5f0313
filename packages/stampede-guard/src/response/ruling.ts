import type { Kept } from './archive.ts'
import { draftOf, keptOf, type Draft, type Origin } from './draft.ts'
import type { ResponseCacheConfig } from './options.ts'
import { isConditional, present, type Conditions } from './present.ts'
import type { Outcome, Run } from './runs.ts'
import { noDemands, useOf } from './usable.ts'
import type { Presented } from './visit.ts'

/** What is decided about a response when its head is about to leave. */
export interface Ruling {
  /** It is to be captured. */
  readonly draft?: Draft
  /** What came of the run, where that is known by now. */
  readonly outcome?: Outcome
  /** What is sent in its place. */
  readonly presented?: Presented
  /** What Cache-Status says. */
  readonly told: string
}

/** What a ruling looks at beside the response. */
export interface Circumstances {
  readonly config: ResponseCacheConfig<never>
  readonly conditions: Conditions
  readonly stale: Kept | undefined
  readonly why: string
  /** Others may wait for it: then the handler was not told what the client has already, and makes the whole response. */
  readonly run: Run | undefined
}

/** The statuses for which a kept response stands in (RFC 5861 4). */
const failing = new Set([500, 502, 503, 504])

/** They say nothing of whether the whole response could be kept. */
const partial = new Set([206, 304, 412, 416])

/** Rules on a response. @param whole the whole body, where it is known already */
export function ruleOn(on: Circumstances, origin: Origin, whole: Buffer | undefined): Ruling {
  const { config, why } = on
  const told = `${config.name}; fwd=${why}`
  const status = origin.response.statusCode
  if (failing.has(status)) return standIn(on, origin.nowMs, `${told}; fwd-status=${status}`)
  if (partial.has(status)) return { told, outcome: { kind: 'failed' } }
  const draft = draftOf(origin, config)
  if (draft === undefined || isTooLarge(draft, whole, config.maxBody)) {
    return { told, outcome: { kind: 'uncacheable' } }
  }
  if (whole === undefined) return { told, draft }
  const kept = keptOf(draft, whole)
  const { etag } = kept.variant
  if (etag !== undefined) origin.response.setHeader('ETag', etag)
  const ruling = { told: `${told}; stored`, draft }
  if (on.run === undefined || !isConditional(on.conditions)) return ruling
  return { ...ruling, presented: present(kept, on.conditions, []) }
}

function standIn({ stale, conditions }: Circumstances, nowMs: number, told: string): Ruling {
  const use = stale && useOf(stale.variant, noDemands, nowMs)
  if (stale === undefined || !use?.ifError) return { told, outcome: { kind: 'failed' } }
  return {
    told: `${told}; detail=stale-if-error`,
    outcome: { kind: 'failed', cover: stale },
    presented: present(stale, conditions, [['Age', ageText(use.ageMs)]]),
  }
}

function isTooLarge(draft: Draft, whole: Buffer | undefined, most: number): boolean {
  return (whole?.length ?? draft.declaredLength ?? 0) > most
}

/** An age as the header says it: whole seconds. */
export function ageText(ageMs: number): string {
  return String(Math.floor(ageMs / 1000))
}
