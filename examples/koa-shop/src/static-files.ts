import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { Middleware } from 'koa'

/** Which files to serve. */
export interface StaticFilesOptions {
  readonly folder: string
  /** Their Cache-Control. */
  readonly caching: string
}

interface StaticFile {
  readonly body: Buffer
  readonly type: string
  readonly etag: string
}

/** Serves the files of a folder, read once: what is not among them is no path to anywhere. */
export function staticFiles({ folder, caching }: StaticFilesOptions): Middleware {
  const files = readFiles(folder)
  return async function staticFiles(ctx, next) {
    const isRead = ctx.method === 'GET' || ctx.method === 'HEAD'
    const file = isRead ? files.get(ctx.path) : undefined
    if (file === undefined) return next()
    ctx.status = 200
    ctx.set({ 'Cache-Control': caching, ETag: file.etag })
    ctx.type = file.type
    if (ctx.fresh) ctx.status = 304
    else ctx.body = file.body
  }
}

function readFiles(folder: string): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>()
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    if (statSync(path).isFile()) files.set(`/${name.replaceAll('\\', '/')}`, readFile(path))
  }
  const index = files.get('/index.html')
  if (index !== undefined) files.set('/', index)
  return files
}

function readFile(path: string): StaticFile {
  const body = readFileSync(path)
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`
  return { body, type: extname(path), etag }
}
