const width = 760
const area = { left: 250, right: 630 }
const row = 26
const head = 34
const gap = 18

/** Of equal lightness, so that they are read on white and on black. */
const colours = { ours: '#2f86d1', peer: '#d9622b', bare: '#8a8a8a' }
const legend = {
  ours: 'Sluice',
  peer: 'peers',
  bare: 'bare: what all of them stand on',
}

/**
 * Groups of bars below one another, each on a scale of its own, as the text of an SVG that is read on light and dark pages.
 *
 * @param panels each `{ title, label, bars: [{ name, value, text, kind }] }`, where `kind` is 'ours', 'peer' or 'bare'
 */
export function barPanels({ title, description, panels }) {
  const kinds = new Set(panels.flatMap(({ bars }) => bars.map(({ kind }) => kind)))
  let top = 44
  const drawn = []
  for (const panel of panels) {
    drawn.push(panelAt(panel, top))
    top += head + panel.bars.length * row + gap
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top + 28}" role="img" aria-labelledby="title about">
<title id="title">${escaped(title)}</title>
<desc id="about">${escaped(description)}</desc>
<style>
  text { font: 13px system-ui, sans-serif; fill: #777 }
  .title { font-size: 15px; font-weight: 600 }
  .panel { font-weight: 600 }
  .ours { font-weight: 600 }
</style>
<text class="title" x="20" y="24">${escaped(title)}</text>
${drawn.join('\n')}
${legendAt(top + 6, kinds)}
</svg>
`
}

function panelAt({ title, label, bars }, top) {
  const most = Math.max(...bars.map(({ value }) => value))
  const lines = bars.map((bar, at) => barAt(bar, top + head + at * row, most))
  return `<text class="panel" x="20" y="${top + 18}">${escaped(title)}</text><text x="${width - 20}" y="${top + 18}" text-anchor="end">${escaped(label)}</text>
${lines.join('\n')}`
}

function barAt({ name, value, text, kind }, top, most) {
  const length = most === 0 ? 0 : (value / most) * (area.right - area.left)
  const end = round(area.left + Math.max(length, 2))
  const style = kind === 'ours' ? ' class="ours"' : ''
  return `<text${style} x="${area.left - 10}" y="${top + 14}" text-anchor="end">${escaped(name)}</text><path fill="${colours[kind]}" d="M${area.left} ${top}H${end}V${top + 18}H${area.left}Z"/><text${style} x="${end + 8}" y="${top + 14}">${escaped(text)}</text>`
}

function legendAt(top, kinds) {
  const at = { ours: area.left, peer: area.left + 80, bare: area.left + 155 }
  return Object.keys(legend)
    .filter((kind) => kinds.has(kind))
    .map(
      (kind) =>
        `<path fill="${colours[kind]}" d="M${at[kind]} ${top}h12v12h-12Z"/><text x="${at[kind] + 18}" y="${top + 11}">${legend[kind]}</text>`,
    )
    .join('')
}

function round(value) {
  return Math.round(value * 10) / 10
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
