// What a terminal could obey or hide: controls and escape sequences, marks of direction, what has no width or no meaning.
const unprintable = /[\p{C}\p{Zl}\p{Zp}\\]/gu

/** Characters that take two columns, about: East Asian ones and pictures. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u

/**
 * Text from a key as one line of at most `width` columns, safe for a terminal: what is not printable is escaped, and what is too
 * long is cut in the middle, since keys differ at both ends.
 */
export function printable(text: string, width: number): string {
  // Far more than any width, and not a megabyte of somebody's key.
  const bounded =
    text.length > 4 * width + 400
      ? `${text.slice(0, 2 * width + 200)}…${text.slice(-2 * width - 200)}`
      : text
  const safe = bounded.replace(unprintable, escapeCharacter)
  if (columnsOf(safe) <= width) return safe
  const characters = [...safe]
  const tail = take(characters.toReversed(), Math.floor((width - 1) / 3)).toReversed()
  const head = take(characters, width - 1 - columnsOf(tail.join('')))
  return `${head.join('')}…${tail.join('')}`
}

/** How many columns a terminal gives to printable text. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const character of text) columns += wide.test(character) ? 2 : 1
  return columns
}

/** JSON that a terminal may show: what JSON leaves as it is and a terminal would obey is escaped as well. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replace(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu, escapeUnits)
}

function take(characters: readonly string[], columns: number): readonly string[] {
  const taken: string[] = []
  let left = columns
  for (const character of characters) {
    left -= columnsOf(character)
    if (left < 0) break
    taken.push(character)
  }
  return taken
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (character === '\n') return '\\n'
  if (character === '\\') return '\\\\'
  return code < 256 ? `\\x${hex(code, 2)}` : `\\u{${hex(code, 1)}}`
}

function escapeUnits(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${hex(character.charCodeAt(at), 4)}`)
    .join('')
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
