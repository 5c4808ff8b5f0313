/** The first byte of each payload of bytes that Sluice makes: what it is, and in which version. */
export const marks = {
  /** MessagePack of plain data. */
  msgpack: 0x81,
  /** MessagePack in which some members are tagged. */
  taggedMsgpack: 0x82,
  /** Brotli of another payload. */
  brotli: 0x83,
} as const

/** Bytes with a mark before them, in memory of their own: pooled memory would be kept alive by the smallest of them. */
export function marked(mark: number, bytes: Uint8Array): Buffer {
  const payload = Buffer.allocUnsafeSlow(bytes.length + 1)
  payload[0] = mark
  payload.set(bytes, 1)
  return payload
}
