export { taggedJson, type Codec, type TextCodec } from '../codec.ts'
export type { Payload } from '../payload.ts'
export { compressed, type CompressedOptions } from './compressed.ts'
export { json } from './json.ts'
