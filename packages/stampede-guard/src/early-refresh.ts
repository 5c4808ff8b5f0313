import type { Entry } from './entry.ts'
import type { Policy } from './policy.ts'

/**
 * Whether a hit should refresh its entry before it expires.
 *
 * @param random from 0 up to and without 1, drawn only where chance decides
 */
export function isDueEarly(
  entry: Entry,
  { early, beta }: Pick<Policy, 'early' | 'beta'>,
  nowMs: number,
  random: () => number,
): boolean {
  const { writtenAtMs, expiresAtMs } = entry
  if (nowMs >= expiresAtMs) return true
  if (early === false) return false
  if (early !== 'xfetch') return nowMs >= writtenAtMs + early * (expiresAtMs - writtenAtMs)
  // In the first half of its life no draw makes it due.
  if (2 * nowMs < writtenAtMs + expiresAtMs) return false
  return nowMs + earlyMs(entry, beta, random()) >= expiresAtMs
}

/**
 * XFetch (Vattani, Chierichetti, Lowenstein: "Optimal Probabilistic Cache Stampede Prevention", PVLDB 8(8), 2015). The draw
 * is exponential with the mean `beta * loadMs`, so a slow load starts earlier, and a busy key needs no other setting than a
 * quiet one. No entry is refreshed in the first half of its life, however slow its load.
 */
function earlyMs(
  { writtenAtMs, expiresAtMs, loadMs }: Entry,
  beta: number,
  random: number,
): number {
  const mostMs = (expiresAtMs - writtenAtMs) / 2
  const meanMs = Math.min(beta * loadMs, mostMs)
  return Math.min(-meanMs * Math.log(1 - random), mostMs)
}

/**
 * The load time to keep: a slower load counts at once, a faster one by 30 %, so one lucky load does not make the next
 * refresh late. At least 1 ms.
 */
export function smoothedLoadMs(measuredMs: number, previousMs: number | undefined): number {
  const smoothedMs = 0.7 * (previousMs ?? 0) + 0.3 * measuredMs
  return Math.max(1, Math.round(Math.max(measuredMs, smoothedMs)))
}
