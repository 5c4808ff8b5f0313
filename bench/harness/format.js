const scales = {
  time: [
    { from: 1e9, by: 1e9, unit: 's' },
    { from: 1e6, by: 1e6, unit: 'ms' },
    { from: 1e3, by: 1e3, unit: 'µs' },
    { from: 0, by: 1, unit: 'ns' },
  ],
  size: [
    { from: 1e6, by: 1e6, unit: 'MB' },
    { from: 1e4, by: 1e3, unit: 'kB' },
    { from: 0, by: 1, unit: 'bytes' },
  ],
}

const inNs = { ns: 1, µs: 1e3, us: 1e3, ms: 1e6, s: 1e9 }
const inBytes = { bytes: 1, B: 1, kB: 1e3, MB: 1e6 }

/** The first word of a unit says what is counted: 'ns a pair'. */
function wordOf(unit) {
  return /^[^\s;,]*/.exec(unit)[0]
}

/** Whether a unit is a time, in which case it is a rate, too. */
export function isTime(unit) {
  return wordOf(unit) in inNs
}

/** Whether contenders are to be compared by a unit: it is a time or a rate. */
export function isSpeed(unit) {
  return isTime(unit) || wordOf(unit).endsWith('/s')
}

/** A number of `unit` as people write it: `1.23 µs`, `12,345 bytes`, `1,234/s`, or the bare number. */
export function quantity(value, unit) {
  const word = wordOf(unit)
  if (word in inNs) return scaled(value * inNs[word], scales.time)
  if (word in inBytes) return scaled(value * inBytes[word], scales.size)
  if (word.endsWith('/s')) return `${number(value)}/s`
  return word === '%' ? `${number(value)} %` : number(value)
}

function scaled(value, scale) {
  const { by, unit } = scale.find(({ from }) => Math.abs(value) >= from)
  return `${number(value / by)} ${unit}`
}

/** How many a second take so long, one after the other: `12,340/s`, of which four digits are told. */
export function rate(value, unit) {
  if (value === 0) return ''
  return `${number(Number((1e9 / (value * inNs[wordOf(unit)])).toPrecision(4)))}/s`
}

/** Three digits at least, and every one before the point; thousands are parted. */
export function number(value) {
  const size = Math.abs(value)
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
}

/** A ratio as `1.23×`, never better than it is; `none` where there is none. */
export function times(ratio) {
  if (ratio === undefined) return 'none'
  const digits = ratio >= 100 ? 0 : ratio >= 10 ? 1 : ratio >= 0.1 ? 2 : 3
  const scale = 10 ** digits
  const text = Math.floor(ratio * scale) / scale
  return `${text.toLocaleString('en', { minimumFractionDigits: digits })}×`
}
