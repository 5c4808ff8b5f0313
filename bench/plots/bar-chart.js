const width = 760
const area = { left: 250, right: 690, top: 52 }
const row = 30

/** Of equal lightness, so that they are read on white and on black. */
const colours = { other: '#d9622b', ours: '#2f86d1' }

/** Bars from left to right, each with its number, as the text of an SVG that is read on light and dark pages. */
export function barChart({ title, description, x, bars }) {
  const bottom = area.top + bars.length * row
  const place = (value) => round(area.left + (value / x.to) * (area.right - area.left))
  const ticks = Array.from({ length: Math.floor(x.to / x.every) + 1 }, (_, at) => at * x.every)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 64}" role="img" aria-labelledby="title about">
<title id="title">${title}</title>
<desc id="about">${description}</desc>
<style>
  text { font: 13px system-ui, sans-serif; fill: #777 }
  .title { font-size: 15px; font-weight: 600 }
  .grid { stroke: #888; stroke-opacity: 0.25 }
</style>
<text class="title" x="20" y="24">${title}</text>
${ticks.map((value) => tick(place(value), bottom, value)).join('\n')}
${bars.map((bar, at) => drawn(bar, at, place)).join('\n')}
<text x="${(area.left + area.right) / 2}" y="${bottom + 48}" text-anchor="middle">${x.label}</text>
</svg>
`
}

function tick(at, bottom, value) {
  return `<path class="grid" d="M${at} ${area.top - 8}V${bottom}"/><text x="${at}" y="${bottom + 20}" text-anchor="middle">${value}</text>`
}

function drawn({ name, value, text, ours = false }, at, place) {
  const y = area.top + at * row
  const end = Math.max(place(value), area.left + 2)
  return `<text x="${area.left - 10}" y="${y + 15}" text-anchor="end">${name}</text><path fill="${ours ? colours.ours : colours.other}" d="M${area.left} ${y}H${end}V${y + 20}H${area.left}Z"/><text x="${end + 8}" y="${y + 15}">${text}</text>`
}

function round(value) {
  return Math.round(value * 10) / 10
}
