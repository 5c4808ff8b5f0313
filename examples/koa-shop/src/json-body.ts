import type { Context, Middleware } from 'koa'

declare module 'koa' {
  interface Request {
    /** What came as JSON; `undefined` where nothing did. */
    body?: unknown
  }
}

/** Reads a body of JSON into `ctx.request.body`. A longer one is answered with 413, a malformed one with 400. */
export function jsonBody({ maxBytes }: { readonly maxBytes: number }): Middleware {
  return async function jsonBody(ctx, next) {
    if (ctx.is('json')) ctx.request.body = parse(ctx, await read(ctx, maxBytes))
    await next()
  }
}

async function read(ctx: Context, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Not destroyed on the way out: there is an answer to send on the same connection.
  for await (const chunk of ctx.req.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length
    if (bytes > maxBytes) ctx.throw(413)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parse(ctx: Context, text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return ctx.throw(400)
  }
}
