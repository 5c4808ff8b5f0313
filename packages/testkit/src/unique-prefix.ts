import { randomBytes } from 'node:crypto'

/**
 * A key prefix that no other test has, of `a-z`, `0-9` and `-`: tests that share a server never meet.
 *
 * @param name begins the prefix, to tell whose keys they are. Default `t`.
 */
export function uniquePrefix(name = 't'): string {
  return `${name}-${randomBytes(6).toString('hex')}`
}
