import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { takeHead } from '@sluice/core/http'
import type { Presented } from './visit.ts'

/** What happens to a response whose head is about to leave: nothing, its bytes are kept, or another takes its place. */
export type Verdict = 'pass' | 'capture' | Presented

/** Told of a response as the handler makes it. */
export interface Listener {
  /** The head is about to leave. @param whole the whole body, where it is known already */
  onHead(whole: Buffer | undefined): Verdict
  /** The handler has ended a response that was to be captured. */
  onBody(body: Buffer): void
  /** The body is larger than may be captured. */
  onTooLarge(): void
}

/** A body as it comes. */
interface Pieces {
  /** False when it has become too large; then it is forgotten. */
  add(piece: Buffer): boolean
  whole(): Buffer
}

function createPieces(most: number): Pieces {
  let pieces: Buffer[] = []
  let size = 0
  return {
    add(piece) {
      size += piece.length
      if (size <= most) pieces.push(piece)
      else pieces = []
      return size <= most
    },
    whole: () => Buffer.concat(pieces),
  }
}

/**
 * Listens to what the handler writes. It stands above what other middleware put around the response before, so that it sees
 * the handler's bytes and not the compressed ones.
 *
 * @param most the largest body that is captured, in bytes
 */
export function tapResponse(response: ServerResponse, most: number, listener: Listener): void {
  const { writeHead, write, end, flushHeaders } = methodsOf(response)
  const pieces = createPieces(most)
  let state: 'waiting' | 'passing' | 'capturing' | 'replaced' = 'waiting'

  const begin = (whole?: Buffer): void => {
    // What is called from here on is not the handler's.
    state = 'passing'
    const verdict = listener.onHead(whole)
    if (verdict === 'pass') return
    state = verdict === 'capture' ? 'capturing' : 'replaced'
    if (verdict === 'capture') return
    replaceHead(response, verdict)
    end(verdict.body === undefined ? [] : [verdict.body])
  }
  const add = (piece: Buffer): void => {
    if (pieces.add(piece)) return
    state = 'passing'
    listener.onTooLarge()
  }

  Object.assign(response, {
    writeHead(...args: unknown[]) {
      const rest = state === 'waiting' ? takeHead(response, args) : args
      if (state === 'waiting') begin()
      // Node calls it, too, for what was put in the response's place, and before anything is sent.
      return state === 'replaced' && response.headersSent ? response : writeHead(rest)
    },
    flushHeaders() {
      if (state === 'waiting') begin()
      return state === 'replaced' ? undefined : flushHeaders([])
    },
    write(...args: unknown[]) {
      if (state === 'waiting') begin()
      if (state === 'capturing') add(bytesOf(args))
      return state === 'replaced' ? true : write(args)
    },
    end(...args: unknown[]) {
      if (state === 'waiting') begin(bytesOf(args))
      if (state === 'replaced') return response
      if (state === 'capturing') add(bytesOf(args))
      const isCaptured = state === 'capturing'
      state = 'passing'
      const result = end(args)
      if (isCaptured) listener.onBody(pieces.whole())
      return result
    },
  })
}

type Call = (args: readonly unknown[]) => unknown

/** Node sends the headers on the first of these. */
function methodsOf(
  response: ServerResponse,
): Record<'writeHead' | 'write' | 'end' | 'flushHeaders', Call> {
  const { writeHead, write, end, flushHeaders } = response
  const own =
    (method: (...args: never[]) => unknown): Call =>
    (args) =>
      Reflect.apply(method, response, args)
  return {
    writeHead: own(writeHead),
    write: own(write),
    end: own(end),
    flushHeaders: own(flushHeaders),
  }
}

/** What `write` and `end` are given, as bytes of our own: the handler may use its buffer again. */
function bytesOf([chunk, encoding]: unknown[]): Buffer {
  if (typeof chunk === 'string') {
    return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
  }
  return chunk instanceof Uint8Array ? Buffer.from(chunk) : Buffer.alloc(0)
}

/** Throws away what the handler set, and sets what is sent in its place. */
function replaceHead(response: ServerResponse, { status, headers }: Presented): void {
  response.statusCode = status
  response.statusMessage = ''
  for (const name of ofHandler) response.removeHeader(name)
  for (const [name, value] of headers) response.setHeader(name, value)
}

/** The headers that describe a body or how long it lives: another body has others. */
const ofHandler = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-location',
  'content-range',
  'content-disposition',
  'transfer-encoding',
  'cache-control',
  'expires',
  'pragma',
  'etag',
  'last-modified',
  'retry-after',
] as const satisfies readonly (keyof OutgoingHttpHeaders)[]
