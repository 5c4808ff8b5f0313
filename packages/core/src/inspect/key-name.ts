/** A cached entry: `prefix:namespace:key`. */
export interface EntryName {
  readonly kind: 'entry'
  readonly prefix: string
  /** What stands before the first ':' of the rest; `''` for a key without any. */
  readonly namespace: string
}

/** State of an operation: `prefix#area:levels{name}ending`. */
export interface StateName {
  readonly kind: 'state'
  readonly prefix: string
  /** `''` where the key is not formed as those of Sluice are. */
  readonly area: string
  /** Namespaces and tenants between the area and the name, each with its ':'. */
  readonly levels: string
  /** As it was given: braces in it are not escaped. */
  readonly name: string
  /** What companions and policies append. */
  readonly ending: string
}

/** What a key says by its form. */
export type KeyName = EntryName | StateName

const form = /^([A-Za-z0-9._-]{1,64})([:#])/
// A name has no brace of its own (they are escaped), and no ending has one: the last pair is the hash tag.
const stateForm = /^([a-z-]+):(.*)\{([^{}]*)\}([^{}]*)$/s

/** Reads a key; `undefined` when it cannot be one of a cache. */
export function keyNameOf(key: string): KeyName | undefined {
  const [head, prefix, mark] = form.exec(key) ?? []
  if (head === undefined || prefix === undefined) return undefined
  const rest = key.slice(head.length)
  if (mark === '#') return stateNameOf(prefix, rest)
  const colon = rest.indexOf(':')
  return { kind: 'entry', prefix, namespace: colon === -1 ? '' : rest.slice(0, colon) }
}

function stateNameOf(prefix: string, rest: string): StateName {
  const [, area = '', levels = '', name = '', ending = ''] = stateForm.exec(rest) ?? []
  return { kind: 'state', prefix, area, levels, name: name.replace(escaped, decoded), ending }
}

const escaped = /%(?:25|7B|7D)/g

function decoded(text: string): string {
  return decodeURIComponent(text)
}
