/** CRC-16/XMODEM, the checksum that Redis Cluster places keys by (cluster specification, appendix A). */
const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  return crc & 0xffff
})

/** The Cluster slot of a key, 0 to 16383: of its hash tag when it has one. */
export function slotOf(key: string): number {
  let crc = 0
  for (const byte of Buffer.from(tagOf(key))) {
    crc = ((crc << 8) & 0xffff) ^ (table[((crc >> 8) ^ byte) & 0xff] ?? 0)
  }
  return crc % 16384
}

/** Keys by slot, each group in the order given. `keyPrefix` is what the client puts before each of them. */
export function groupBySlot(
  keys: readonly string[],
  keyPrefix: string,
): readonly (readonly string[])[] {
  const groups = new Map<number, string[]>()
  for (const key of keys) {
    const slot = slotOf(keyPrefix + key)
    const group = groups.get(slot)
    if (group === undefined) groups.set(slot, [key])
    else group.push(key)
  }
  return [...groups.values()]
}

function tagOf(key: string): string {
  const open = key.indexOf('{')
  const close = open === -1 ? -1 : key.indexOf('}', open + 1)
  return close > open + 1 ? key.slice(open + 1, close) : key
}
