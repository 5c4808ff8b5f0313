/**
 * What a store keeps of a value: text, or bytes that start with 0x80 to 0xC1. No UTF-8 text starts so, which is how
 * text and bytes are told apart wherever they come from, and why nothing beside them says which they are.
 */
export type Payload = string | Buffer

/** True for the first byte of a payload that is bytes. */
export function startsBytes(first: number | undefined): boolean {
  return first !== undefined && first >= 0x80 && first <= 0xc1
}

/** The payload that some bytes are, as they came from a server or out of a compressed payload. */
export function payloadOf(bytes: Buffer): Payload {
  return startsBytes(bytes[0]) ? bytes : bytes.toString()
}

/** The bytes of a payload. They may be the payload's own: to be read, not to be changed. */
export function bytesOf(payload: Payload): Buffer {
  return typeof payload === 'string' ? Buffer.from(payload) : payload
}

/** True when two payloads hold the same. */
export function samePayload(a: Payload, b: Payload): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  return a === b || a.equals(b)
}
