import type { IncomingHttpHeaders } from 'node:http'

/** Makes values of a header that mean the same the same. Not called where the header is absent. */
export type Normalizer = (value: string) => string

/** What a request says in the headers that a Vary names: `null` where it says nothing, which matches nothing else. */
export type Selection = readonly (string | null)[]

/** Those that name a person: a response that varies by them is for one person. */
const personal = new Set(['*', 'cookie', 'authorization', 'proxy-authorization'])

/** The names in a Vary field, sorted; `undefined` when no other request could be known to match. */
export function varyNames(field: string): readonly string[] | undefined {
  const names = new Set(field.toLowerCase().split(',').map(trim).filter(isSome))
  for (const name of names) if (personal.has(name)) return undefined
  return [...names].toSorted()
}

/** What a request says in these headers. */
export function selectionOf(
  headers: IncomingHttpHeaders,
  names: readonly string[],
  normalizers: ReadonlyMap<string, Normalizer>,
): Selection {
  return names.map((name) => {
    const value = headers[name]
    if (value === undefined) return null
    const text = Array.isArray(value) ? value.join(', ') : value
    return normalizers.get(name)?.(text) ?? text
  })
}

/** True when a request says in these headers what another one said. */
export function isSelected(
  headers: IncomingHttpHeaders,
  { vary, selection }: { readonly vary: readonly string[]; readonly selection: Selection },
  normalizers: ReadonlyMap<string, Normalizer>,
): boolean {
  if (vary.length === 0) return true
  const said = selectionOf(headers, vary, normalizers)
  return said.length === selection.length && said.every((value, at) => value === selection[at])
}

/** Two Vary fields as one. */
export function joinVary(before: string, added: string): string {
  const names = new Map([...before.split(','), ...added.split(',')].map(byLowerCase))
  names.delete('')
  return [...names.values()].join(', ')
}

function byLowerCase(name: string): [string, string] {
  const trimmed = name.trim()
  return [trimmed.toLowerCase(), trimmed]
}

interface Preference {
  readonly name: string
  readonly quality: number
}

const plainPreference = /^([a-z0-9*-]+)(?:;q=([01](?:\.\d{1,3})?))?$/

/** What a list of preferences says; `undefined` where something in it is not understood. */
function preferencesIn(value: string): readonly Preference[] | undefined {
  const found: Preference[] = []
  for (const part of value.toLowerCase().replaceAll(' ', '').split(',').filter(isSome)) {
    const [, name, quality] = plainPreference.exec(part) ?? []
    if (name === undefined) return undefined
    found.push({ name, quality: quality === undefined ? 1 : Number(quality) })
  }
  return found
}

/**
 * A coding that is accepted at all may be sent, whatever its rank: the names alone tell requests apart. What names `*` or
 * `identity`, which forbids as often as it allows, stays as it is.
 */
function acceptEncoding(value: string): string {
  const preferences = preferencesIn(value)
  if (preferences === undefined) return value
  if (preferences.some(({ name }) => name === '*' || name === 'identity')) return value
  const accepted = preferences.filter(({ quality }) => quality > 0).map(({ name }) => name)
  return [...new Set(accepted)].toSorted().join(',')
}

/** Languages in the order in which they are wanted, without the numbers. */
function acceptLanguage(value: string): string {
  const preferences = preferencesIn(value)
  if (preferences === undefined || preferences.some(({ quality }) => quality === 0)) return value
  return preferences
    .toSorted((a, b) => b.quality - a.quality)
    .map(({ name }) => name)
    .join(',')
}

/** By the header's name in lower case. */
export const defaultNormalizers: ReadonlyMap<string, Normalizer> = new Map([
  ['accept-encoding', acceptEncoding],
  ['accept-language', acceptLanguage],
])

function trim(text: string): string {
  return text.trim()
}

function isSome(text: string): boolean {
  return text !== ''
}
