import type { Entry } from './entry.ts'

/**
 * Whether a hit should refresh its entry before it expires: XFetch (Vattani, Chierichetti, Lowenstein: "Optimal
 * Probabilistic Cache Stampede Prevention", PVLDB 8(8), 2015). The draw is exponential with the mean `beta * loadMs`,
 * so a slow load starts earlier, and a busy key needs no other setting than a quiet one.
 *
 * No entry is refreshed in the first half of its life, however slow its load.
 *
 * @param random from 0 up to and without 1
 */
export function isDueEarly(entry: Entry, beta: number, nowMs: number, random: number): boolean {
  const mostMs = (entry.expiresAtMs - entry.writtenAtMs) / 2
  const meanMs = Math.min(beta * entry.loadMs, mostMs)
  const earlyMs = Math.min(-meanMs * Math.log(1 - random), mostMs)
  return nowMs + earlyMs >= entry.expiresAtMs
}

/**
 * The load time to keep: a slower load counts at once, a faster one by 30 %, so one lucky load does not make the next
 * refresh late. At least 1 ms.
 */
export function smoothedLoadMs(measuredMs: number, previousMs: number | undefined): number {
  const smoothedMs = 0.7 * (previousMs ?? 0) + 0.3 * measuredMs
  return Math.max(1, Math.round(Math.max(measuredMs, smoothedMs)))
}
