import ms from 'ms'
import { OptionError } from './errors.ts'
import { show } from './show.ts'

type Unit = 'ms' | 's' | 'm' | 'h' | 'd' | 'w' | 'y'

/** A time span as text: `'500ms'`, `'30s'`, `'5m'`, `'24h'`, `'7d'`. */
export type DurationText = `${number}${Unit}` | `${number} ${Unit}`

/** How long: milliseconds as a number, or text such as `'30s'`, `'5m'`, `'24h'`. */
export type Duration = number | DurationText

/**
 * Milliseconds of a `Duration`: a whole number from 1 to 2^53 - 1.
 *
 * @param name what the duration is for, as the caller wrote it: `'ttl'`
 * @throws OptionError on zero, negative, fractional, NaN, infinite or unreadable durations
 */
export function durationMs(value: unknown, name: string): number {
  const parsed = typeof value === 'string' ? readText(value) : value
  if (typeof parsed === 'number' && Number.isSafeInteger(parsed) && parsed > 0) return parsed
  throw new OptionError(
    `Expected "${name}" to be a duration: a whole number of milliseconds above 0 or text such as '30s', '5m' or '24h'; ` +
      `got ${show(value)}.`,
  )
}

/** Like `durationMs`, and `Infinity` means "no expiry". */
export function ttlMs(value: unknown, name: string): number {
  return value === Number.POSITIVE_INFINITY ? value : durationMs(value, name)
}

/** `ms` reads a bare number as milliseconds, which would hide a forgotten unit in an environment variable. */
function readText(text: string): number | undefined {
  if (text.length > 100 || !/[a-z]\s*$/i.test(text)) return undefined
  return (ms as (text: string) => number | undefined)(text)
}
