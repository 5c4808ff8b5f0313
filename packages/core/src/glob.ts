/** The text as a glob pattern that matches just itself. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\^-]/g, '\\$&')
}

/**
 * A test for Redis glob patterns: `*`, `?`, `[abc]`, `[^a-z]` and `\x`, on the whole key. Follows `stringmatchlen` of
 * Redis, odd cases included: an open `[` runs to the end of the pattern, a final `\` is itself. Ranges with an end
 * outside ASCII depend on the machine that Redis runs on; here bytes are unsigned.
 */
export function globMatcher(pattern: string): (key: string) => boolean {
  const expression = new RegExp(`^${translate(bytesOf(pattern))}$`, 'su')
  return (key) => expression.test(bytesOf(key))
}

/** Redis matches bytes, so '?' is one byte of a longer character: one UTF-16 unit a byte here. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function translate(pattern: string): string {
  const characters = [...pattern]
  let source = ''
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? ''
    if (character === '*') {
      if (!source.endsWith('.*')) source += '.*'
    } else if (character === '?') source += '.'
    else if (character === '\\' && at + 1 < characters.length)
      source += literal(characters[++at] ?? '')
    else if (character === '[') {
      const group = readClass(characters, at + 1)
      source += group.source
      at = group.end
    } else source += literal(character)
  }
  return source
}

/** Reads a class from behind its `[`; `end` is the index of the closing `]` or of the last character. */
function readClass(characters: readonly string[], start: number): { source: string; end: number } {
  const negated = characters[start] === '^'
  let at = negated ? start + 1 : start
  let members = ''
  for (; at < characters.length && characters[at] !== ']'; at++) {
    const range = at + 2 < characters.length && characters[at + 1] === '-'
    if (characters[at] === '\\' && at + 1 < characters.length)
      members += literal(characters[++at] ?? '')
    else if (range) {
      const [low = '', high = ''] = [characters[at], characters[at + 2]].toSorted(byCodePoint)
      members += `${literal(low)}-${literal(high)}`
      at += 2
    } else members += literal(characters[at] ?? '')
  }
  const source = members === '' ? (negated ? '.' : '(?!)') : `[${negated ? '^' : ''}${members}]`
  return { source, end: Math.min(at, characters.length - 1) }
}

function byCodePoint(a = '', b = ''): number {
  return (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0)
}

function literal(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
