import { Packr } from 'msgpackr'
import { taggedJson, type Codec } from '../codec.ts'
import { isPlain } from '../plain.ts'
import { reviveTagged } from '../revive-tagged.ts'
import { createTagger } from '../tagged.ts'
import { marked, marks } from './marks.ts'

const toTagged = createTagger({
  keepsNumber: (value) => !Object.is(value, -0),
  keepsText: (value) => value.isWellFormed(),
  bytes: (bytes) => bytes,
})

/**
 * MessagePack, for values that hold bytes or long lists of numbers: smaller than JSON, and bytes stay bytes. Keeps and
 * refuses what the default codec does. A payload is 0x81 and plain MessagePack, which other languages read behind that
 * byte, or 0x82 and MessagePack in which a member that MessagePack would change is tagged. Reads JSON entries as well.
 *
 * Needs `npm install msgpackr`.
 *
 * @example createCache({ codec: msgpack() })
 */
export function msgpack(): Codec {
  // Records would need their definitions beside them; a reader's bytes must not be a view of what the store keeps.
  const packr = new Packr({ useRecords: false, mapsAsObjects: true, copyBuffers: true })
  return {
    encode(value) {
      if (isPlain(value, true)) return marked(marks.msgpack, packr.pack(value))
      const { data, tagged } = toTagged(value)
      return marked(tagged ? marks.taggedMsgpack : marks.msgpack, packr.pack(data))
    },
    decode(payload) {
      if (typeof payload === 'string') return taggedJson.decode(payload)
      if (payload[0] === marks.msgpack) return packr.unpack(payload.subarray(1))
      if (payload[0] === marks.taggedMsgpack) return reviveTagged(packr.unpack(payload.subarray(1)))
      throw new Error('bytes of another codec')
    },
  }
}
