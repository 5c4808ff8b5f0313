import type { ServerResponse } from 'node:http'

/**
 * Sets what `writeHead` was given, so that it is there to read and to add to: left to Node, its headers would overwrite what
 * others set afterwards, a cookie included.
 *
 * @returns what is left of the arguments
 */
export function takeHead(response: ServerResponse, [status, ...rest]: unknown[]): unknown[] {
  response.statusCode = Number(status)
  const headers = rest.at(-1)
  if (typeof headers !== 'object' || headers === null) return [status, ...rest]
  for (const [name, value] of headerPairs(headers)) response.setHeader(name, value)
  return [status, ...rest.slice(0, -1)]
}

type HeaderValue = number | string | readonly string[]

/** Node takes an object, a list of pairs, or a flat list; in the lists a name may come again. */
function headerPairs(headers: object): Iterable<readonly [string, HeaderValue]> {
  if (!Array.isArray(headers)) return Object.entries(headers)
  const flat: unknown[] = Array.isArray(headers[0]) ? headers.flat() : headers
  const lines = new Map<string, string[]>()
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const name = String(flat[at])
    lines.set(name, [...(lines.get(name) ?? []), ...[flat[at + 1]].flat().map(String)])
  }
  return [...lines].map(([name, values]) => [
    name,
    values.length === 1 ? String(values[0]) : values,
  ])
}
