import { taggedJson, type TextCodec } from '../codec.ts'
import { ValueError } from '../errors.ts'
import { isPlain } from '../plain.ts'
import { createTagger } from '../tagged.ts'

/** Finds the first member that JSON would change: it is refused where it would be tagged. */
const findLoss = createTagger({
  keepsNumber: (value) => Number.isFinite(value) && !Object.is(value, -0),
  keepsText: () => true,
  bytes: () => undefined,
  beforeTag(kind, shown, path) {
    // An object that owns a `$`: JSON that is never tagged says it plainly.
    if (kind === 'object') return
    throw new ValueError(
      `JSON cannot keep ${shown} (at ${path()}). Convert it before caching, or use the default codec, which keeps it.`,
      path(),
    )
  },
})

/**
 * Strict JSON, and nothing but JSON in the store: what it would change is refused with the path to it. Reads what the
 * default codec wrote as well.
 *
 * @example createCache({ codec: json })
 */
export const json: TextCodec = {
  encode(value) {
    if (!isPlain(value)) findLoss(value)
    return JSON.stringify(value)
  },
  decode: taggedJson.decode,
}
