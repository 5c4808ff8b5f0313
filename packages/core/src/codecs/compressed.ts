import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import type { Codec } from '../codec.ts'
import { checkOptions, integerOption } from '../options.ts'
import { bytesOf, payloadOf } from '../payload.ts'
import { marked, marks } from './marks.ts'

/** Options of `compressed`. */
export interface CompressedOptions {
  /** Payloads of more bytes than this are compressed. Default 1024. */
  readonly above?: number | undefined
  /**
   * How many bytes a payload may be unpacked to, so that a small one cannot fill the memory. One that unpacks to more is
   * a miss, and a value of more is kept as it is. Default 64 MiB.
   */
  readonly maxOutputLength?: number | undefined
}

/** What compressing must save to be worth unpacking on every read. */
const smallestSaving = 0.1

/**
 * Compresses what another codec makes, by Brotli at its fastest, and keeps the result where it saves a tenth or more.
 * Reads what is not compressed as well; with `above: Infinity` it reads both and compresses nothing, to turn it off on a
 * live cache.
 *
 * @example createCache({ codec: compressed(taggedJson, { above: 2048 }) })
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function compressed(codec: Codec, options: CompressedOptions = {}): Codec {
  checkOptions('compressed', options, ['above', 'maxOutputLength'])
  const above =
    options.above === Number.POSITIVE_INFINITY
      ? options.above
      : integerOption(options.above, 'above', 1024, 0)
  const maxOutputLength = integerOption(options.maxOutputLength, 'maxOutputLength', 64 * 2 ** 20)
  return {
    encode(value) {
      const payload = codec.encode(value)
      // A UTF-16 unit takes three bytes of UTF-8 at the most: most small text is not even measured.
      if (typeof payload === 'string' && payload.length * 3 <= above) return payload
      const bytes = bytesOf(payload)
      if (bytes.length <= above || bytes.length > maxOutputLength) return payload
      const packed = marked(marks.brotli, pack(bytes))
      return packed.length <= bytes.length * (1 - smallestSaving) ? packed : payload
    },
    decode(payload) {
      if (typeof payload === 'string' || payload[0] !== marks.brotli) return codec.decode(payload)
      return codec.decode(payloadOf(brotliDecompressSync(payload.subarray(1), { maxOutputLength })))
    },
  }
}

function pack(bytes: Buffer): Buffer {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 1,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })
}
