import { taggedJson } from '@sluice/core/extend'

/** Gives each caller a copy of its own. */
export type Copies = () => unknown

/**
 * Copies of a value, by the codec of the cache: a caller that loaded gets what a caller that hits will get.
 *
 * @throws ValueError with the path of what a cache cannot keep
 */
export function copiesOf(value: unknown): Copies {
  if (isImmutable(value)) return () => value
  const text = taggedJson.encode(value)
  return () => taggedJson.decode(text)
}

function isImmutable(value: unknown): boolean {
  return value === null || !['object', 'function', 'symbol'].includes(typeof value)
}
