import { createHmac, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'

/**
 * A key or name in a message: a pseudonym, because keys hold the ids and addresses of people. Printed or turned into
 * JSON it is its hash.
 */
export interface TracedKey {
  /** Twelve hex digits: equal for equal keys of this process, and without meaning outside of it. */
  readonly hash: string
  /** The key itself, whole: `shop:eu:user:7`. Asking for it is the opt-in; keep it out of labels and logs. */
  reveal(): string
}

/** Without it, an address or a number could be found by hashing them all. */
const salt = randomBytes(16)

/**
 * A key, made ready for a message: nothing is hashed before somebody looks.
 *
 * @param text makes the key when somebody asks; a key that is no text, which is refused later, is shown as one
 */
export function tracedKey(text: () => unknown): TracedKey {
  const reveal = (): string => String(text())
  const hashOf = (): string =>
    createHmac('sha256', salt).update(reveal()).digest('hex').slice(0, 12)
  const key = {
    get hash() {
      return hashOf()
    },
    reveal,
    toJSON: hashOf,
    [inspect.custom]: hashOf,
  }
  return key
}
