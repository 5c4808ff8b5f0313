import { OptionError, ValueError } from '@sluice/core'
import { taggedJson, withoutLink } from '@sluice/core/extend'
import { removed, type Texts } from './record.ts'
import { mayName } from './session.ts'

/** Attributes as text, `undefined` as "removed". @throws ValueError for what cannot be stored, OptionError for a name */
export function encodeAttributes(attributes: object): Map<string, string> {
  return new Map(Object.entries(attributes).map(([name, value]) => [name, encode(name, value)]))
}

/**
 * The attributes in the texts. One that cannot be read counts as absent: the next save removes it. The reader vouches
 * for the type, as with JSON.parse.
 */
export function decodeAttributes<Data>(texts: Texts): Partial<Data> {
  const attributes: Record<string, unknown> = {}
  for (const [name, text] of texts) {
    if (!mayName(name)) continue
    const value = decode(text)
    if (value !== undefined) attributes[name] = value
  }
  return attributes as Partial<Data>
}

/** What must be written so that the stored texts say what the attributes say. Nested changes are seen. */
export function changedTexts(attributes: object, stored: Texts): Map<string, string> {
  const changed = new Map<string, string>()
  for (const [name, value] of Object.entries(attributes)) {
    const text = encode(name, value)
    if (text !== (stored.get(name) ?? removed)) changed.set(name, text)
  }
  for (const name of stored.keys()) {
    if (!Object.hasOwn(attributes, name)) changed.set(name, removed)
  }
  return changed
}

/** Brings stored texts to what they are after a write. */
export function applyTexts(stored: Map<string, string>, changed: Texts): void {
  for (const [name, text] of changed) {
    if (text === removed) stored.delete(name)
    else stored.set(name, text)
  }
}

/** One attribute as text. */
export function encode(name: string, value: unknown): string {
  if (!mayName(name)) {
    throw new OptionError(
      `A session cannot have an attribute named "${name}": the name is taken. Choose another one.`,
    )
  }
  if (value === undefined) return removed
  try {
    return taggedJson.encode(value)
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    throw new ValueError(`Session attribute "${name}": ${withoutLink(error.message)}`, error.path)
  }
}

/** The value of a text; `undefined` for "removed" and for what cannot be read. */
export function decode(text: string): unknown {
  if (text === removed) return undefined
  try {
    return taggedJson.decode(text)
  } catch {
    return undefined
  }
}
