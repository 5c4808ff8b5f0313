// Runs inside the page, as its eyes: the test asks it by `page.evaluate('sight.…')`.
globalThis.sight = { controls, focus, look, overflow, shift, smallTargets }

const interactive = 'a[href], button, input, [tabindex="0"]'
const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })

let shifted = 0
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) shifted += entry.value
}).observe({ type: 'layout-shift', buffered: true })

/** How far things moved without being told to, as Chromium counts it. */
function shift() {
  return shifted
}

function isShown(element) {
  return element.checkVisibility({ visibilityProperty: true })
}

function pathOf(element) {
  const label = element.ariaLabel ?? element.textContent.trim().replaceAll(/\s+/g, ' ')
  return `${element.tagName.toLowerCase()}#${element.id} ${label.slice(0, 40)}`
}

/** Red, green, blue and opacity, however the colour was written. */
function channels(color) {
  canvas.clearRect(0, 0, 1, 1)
  canvas.fillStyle = color
  canvas.fillRect(0, 0, 1, 1)
  return [...canvas.getImageData(0, 0, 1, 1).data]
}

/** Relative luminance as WCAG 2 defines it. */
function luminance(color) {
  const [red, green, blue] = channels(color).map((channel) => {
    const part = channel / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

function groundOf(element) {
  for (let each = element; each !== null; each = each.parentElement) {
    const { backgroundColor } = getComputedStyle(each)
    if (channels(backgroundColor)[3] === 255) return backgroundColor
  }
  return 'white'
}

/** The colours of the page, and what of it is too faint: of a field its border counts too. */
function look() {
  const shown = [...document.body.querySelectorAll('*')].filter(isShown)
  const fields = shown.filter(({ tagName }) => tagName === 'INPUT')
  const texts = shown.filter((element) => element.tagName === 'INPUT' || hasText(element))
  const faintTexts = texts.filter(
    (element) => contrast(getComputedStyle(element).color, groundOf(element)) < 4.5,
  )
  const faintFields = fields.filter(
    (field) => contrast(getComputedStyle(field).borderTopColor, groundOf(field.parentElement)) < 3,
  )
  const { color, backgroundColor } = getComputedStyle(document.body)
  const faint = [...faintTexts, ...faintFields].map(pathOf)
  return { texts: texts.length, color, backgroundColor, faint }
}

function hasText(element) {
  return [...element.childNodes].some(
    (node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== '',
  )
}

/** All that a person can act on, in the order of the document. */
function controls() {
  return [...document.querySelectorAll(interactive)].filter(isShown).map(pathOf)
}

function focus() {
  const element = document.activeElement
  if (element === null || element === document.body) return undefined
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element)
  const { left, right, top, bottom } = element.getBoundingClientRect()
  const [x, y] = [(left + right) / 2, (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2]
  const front = document.elementFromPoint(x, y)
  return {
    path: pathOf(element),
    isMarked:
      outlineStyle !== 'none' &&
      Number.parseFloat(outlineWidth) >= 2 &&
      contrast(outlineColor, groundOf(element.parentElement)) >= 3,
    isInSight: front !== null && (element.contains(front) || front.contains(element)),
  }
}

/** What reaches out of the window to the right, and is not cut off by what it stands in. */
function overflow() {
  const isWide = document.documentElement.scrollWidth > innerWidth
  const wide = [...document.body.querySelectorAll('*')].filter(
    (element) => isShown(element) && !isCut(element) && rightOf(element) > innerWidth + 0.5,
  )
  return [...(isWide ? ['the page'] : []), ...wide.map(pathOf)]
}

function isCut(element) {
  const around = element.parentElement
  if (around === null) return false
  return getComputedStyle(around).overflowX !== 'visible' || isCut(around)
}

function rightOf(element) {
  return element.getBoundingClientRect().right
}

/** Buttons, fields and links by themselves that are lower or narrower than a finger; a link in a sentence may be. */
function smallTargets() {
  return [...document.querySelectorAll('a[href], button, input')]
    .filter((element) => isShown(element) && getComputedStyle(element).display !== 'inline')
    .filter((element) => {
      const { width, height } = element.getBoundingClientRect()
      return width < 44 || height < 44
    })
    .map(pathOf)
}
