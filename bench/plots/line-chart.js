const width = 760
const height = 400
const area = { left: 60, right: 600, top: 48, bottom: 340 }

/** Of equal lightness, so that they are read on white and on black, and told apart without colours by their dashes. */
const styles = [
  { colour: '#d9622b', dash: '' },
  { colour: '#2f86d1', dash: '' },
  { colour: '#2c9a63', dash: '8 3' },
  { colour: '#a667c8', dash: '2 3' },
]

/** A line chart as the text of an SVG. Grey and its lines are read on light and dark pages; there is no background. */
export function lineChart({ title, description, x, y, marks, series }) {
  const place = {
    x: scale(x, area.left, area.right),
    y: scale(y, area.bottom, area.top),
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title about">
<title id="title">${title}</title>
<desc id="about">${description}</desc>
<style>
  text { font: 13px system-ui, sans-serif; fill: #777 }
  .title { font-size: 15px; font-weight: 600 }
  .grid { stroke: #888; stroke-opacity: 0.25 }
  .edge, .mark { stroke: #888; stroke-dasharray: 4 4 }
  .line { fill: none; stroke-width: 2.5; stroke-linejoin: round }
</style>
<text class="title" x="${area.left}" y="24">${title}</text>
${ticks(x)
  .map((value) => vertical(place.x(value), value))
  .join('\n')}
${ticks(y)
  .map((value) => horizontal(place.y(value), value))
  .join('\n')}
${marks.map((mark) => marked(place.y(mark.y), mark.text)).join('\n')}
<text x="${(area.left + area.right) / 2}" y="${area.bottom + 44}" text-anchor="middle">${x.label}</text>
<text transform="translate(18 ${(area.top + area.bottom) / 2}) rotate(-90)" text-anchor="middle">${y.label}</text>
${series.map(({ points }, at) => line(points, place, styles[at])).join('\n')}
${series.map(({ name }, at) => legend(name, at, styles[at])).join('\n')}
</svg>
`
}

function scale({ from, to }, start, end) {
  return (value) => round(start + ((value - from) / (to - from)) * (end - start))
}

function ticks({ from, to, every }) {
  return Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, at) => from + at * every)
}

function vertical(at, value) {
  const kind = value === 0 ? 'edge' : 'grid'
  return `<path class="${kind}" d="M${at} ${area.top}V${area.bottom}"/><text x="${at}" y="${area.bottom + 20}" text-anchor="middle">${value}</text>`
}

function horizontal(at, value) {
  return `<path class="grid" d="M${area.left} ${at}H${area.right}"/><text x="${area.left - 8}" y="${round(at + 4)}" text-anchor="end">${value}</text>`
}

function marked(at, text) {
  return `<path class="mark" d="M${area.left} ${at}H${area.right}"/><text x="${area.right + 12}" y="${round(at + 4)}">${text}</text>`
}

/** A stair, of whose steps only the corners are kept: a value holds until the next one. */
function line(points, place, { colour, dash }) {
  const [first] = points
  let path = `M${place.x(first.x)} ${place.y(0)}V${place.y(first.y)}`
  let last = first.y
  for (const { x, y } of points) {
    if (y === last) continue
    path += `H${place.x(x)}V${place.y(y)}`
    last = y
  }
  path += `H${place.x(points.at(-1).x)}`
  return `<path class="line" stroke="${colour}"${dashed(dash)} d="${path}"/>`
}

function legend(name, at, { colour, dash }) {
  const y = area.top + 14 + at * 24
  return `<path class="line" stroke="${colour}"${dashed(dash)} d="M${area.right + 12} ${y}h26"/><text x="${area.right + 46}" y="${y + 4}">${name}</text>`
}

function dashed(dash) {
  return dash === '' ? '' : ` stroke-dasharray="${dash}"`
}

function round(value) {
  return Math.round(value * 10) / 10
}
