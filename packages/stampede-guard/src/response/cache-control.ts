/** A Cache-Control field, taken apart. */
export interface Directives {
  /** By their names in lower case; `true` where a directive has no value. */
  readonly values: ReadonlyMap<string, string | true>
  /** True when a number in it cannot be read or is said twice: what it says of freshness then counts as stale (RFC 9111 4.2.1). */
  readonly isInvalid: boolean
}

const numeric = new Set([
  'max-age',
  's-maxage',
  'stale-while-revalidate',
  'stale-if-error',
  'min-fresh',
])

const directive = /([^\s,;="]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*)))?/g

/** Reads a Cache-Control field: names in any case, values quoted or not, several lines as one. */
export function parseCacheControl(field: string): Directives {
  const values = new Map<string, string | true>()
  let isInvalid = false
  for (const [, rawName = '', quoted, plain] of field.matchAll(directive)) {
    const name = rawName.toLowerCase()
    const value = quoted ?? plain ?? true
    if (numeric.has(name)) {
      const known = values.get(name)
      if (value === true || !/^\d+$/.test(value)) isInvalid = true
      if (known !== undefined && known !== value) isInvalid = true
    }
    values.set(name, value)
  }
  return { values, isInvalid }
}

/** The milliseconds of a directive of seconds; `undefined` without a readable one. */
export function directiveMs({ values }: Directives, name: string): number | undefined {
  const value = values.get(name)
  if (typeof value !== 'string' || !/^\d+$/.test(value)) return undefined
  // RFC 9111 1.2.2: what is too large counts as 2^31 seconds.
  return Math.min(Number(value), 2 ** 31) * 1000
}
