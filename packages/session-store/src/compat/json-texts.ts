import { removed, type Texts } from '../record.ts'

/** The attributes as JSON text, each by itself: what JSON leaves out is left out, `toJSON` counts. */
export function encodeJson(attributes: object): Map<string, string> {
  const texts = new Map<string, string>()
  for (const [name, value] of Object.entries(attributes)) {
    // Functions, symbols and undefined have no JSON, whatever the declared type of stringify says.
    const text: string | undefined = JSON.stringify(value)
    if (text !== undefined) texts.set(name, text)
  }
  return texts
}

/** The attributes in the texts. One that cannot be read counts as absent: the next save removes it. */
export function decodeJson(texts: Texts): Record<string, unknown> {
  const attributes: Record<string, unknown> = {}
  for (const [name, text] of texts) {
    const value = name === '__proto__' ? undefined : parse(text)
    if (value !== undefined) attributes[name] = value
  }
  return attributes
}

/** What must be written so that the stored texts become the others. */
export function changesOf(stored: Texts, texts: Texts): Map<string, string> {
  const changes = new Map<string, string>()
  for (const [name, text] of texts) if (stored.get(name) !== text) changes.set(name, text)
  for (const name of stored.keys()) if (!texts.has(name)) changes.set(name, removed)
  return changes
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
