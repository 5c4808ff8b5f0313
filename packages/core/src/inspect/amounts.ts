const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Bytes as Redis reads them in its options: `1.2 MB`, of 1024 kB each. */
export function bytesText(bytes: number): string {
  let [amount, unit] = [bytes, 0]
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1024
    unit++
  }
  const digits = unit === 0 || amount >= 99.95 ? 0 : 1
  return `${amount.toFixed(digits)} ${units[unit] ?? ''}`
}

const steps = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
] as const

/** A time span in its two largest units: `2 h 5 m`, `45 s`, `300 ms`. */
export function spanText(ms: number): string {
  if (ms < 1000) return `${ms} ms`
  const at = steps.findIndex(([size]) => ms >= size)
  const [size, name] = steps[at] ?? steps[3]
  const [small, smallName] = steps[at + 1] ?? [1, '']
  const rest = Math.floor((ms % size) / small)
  const whole = `${Math.floor(ms / size)} ${name}`
  return smallName === '' || rest === 0 ? whole : `${whole} ${rest} ${smallName}`
}

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })
const mostWritten = 10_000_000

/** A count with thousands set apart, `12,345`; from ten millions on in short, `12.3M`. */
export function countText(count: number): string {
  return count < mostWritten ? count.toLocaleString('en-US') : compact.format(count)
}

/** `1 key`, `2 keys`. */
export function pluralText(count: number, one: string, many: string = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`
}
