import { createHash } from 'node:crypto'
import type { Payload } from '@sluice/core/extend'

/** How each placeholder begins, and no entry: those go on with their value. */
export const placeholderHead = '{"guard":1,"load":"'

/** Stands under the key of an entry that is being loaded, as text, whatever the codec of the cache. */
export function placeholderOf(token: string): string {
  return `${placeholderHead}${token}"}`
}

/** What tells one payload from another, alike in Redis and here. */
export function fingerprint(payload: Payload): string {
  return createHash('sha1').update(payload).digest('hex')
}
