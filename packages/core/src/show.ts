const longest = 60

/** A value as an error message shows it: short, quoted and with its type. Never used on secrets. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'string') return `${JSON.stringify(shorten(value))} (string)`
  if (typeof value === 'function') return `a function`
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'no prototype'})`
  return `${(value as number | bigint | boolean | symbol).toString()} (${typeof value})`
}

function shorten(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}… ${text.length} characters`
}
