import { once } from 'node:events'
import {
  Agent,
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { pipeline } from 'node:stream'

/** What stands in front of the app processes. */
export interface RoundRobin extends AsyncDisposable {
  readonly url: string
}

/** Passes requests on, to one port of this machine after the other. Port 0 listens on a free one. */
export async function startRoundRobin(
  targets: readonly number[],
  port: number,
): Promise<RoundRobin> {
  const agent = new Agent()
  let turn = 0
  const server = createServer((req, res) => {
    const target = targets[turn++ % targets.length]
    const { method, url: path } = req
    const to = { agent, host: '127.0.0.1', port: target, method, path, headers: forwarded(req) }
    const passed = request(to, (reply) => {
      res.writeHead(reply.statusCode ?? 502, endToEnd(reply.headers))
      pipeline(reply, res, () => undefined)
    })
    passed.once('error', () => refuse(res))
    pipeline(req, passed, () => undefined)
  })
  server.listen(port)
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://localhost:${typeof address === 'object' ? (address?.port ?? port) : port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      const timer = setTimeout(() => server.closeAllConnections(), 2000)
      await closed
      clearTimeout(timer)
    },
  }
}

/** The client's headers, and its address at the end of what it says about where it comes from. */
function forwarded(req: IncomingMessage): IncomingHttpHeaders {
  const before = req.headers['x-forwarded-for']
  const from = req.socket.remoteAddress ?? 'unknown'
  return {
    ...endToEnd(req.headers),
    'x-forwarded-for': before === undefined ? from : `${String(before)}, ${from}`,
    'x-forwarded-proto': 'http',
  }
}

/** Without those of one connection, which are not for the next. */
function endToEnd({
  connection: _connection,
  'keep-alive': _keepAlive,
  ...headers
}: IncomingHttpHeaders): IncomingHttpHeaders {
  return headers
}

/** The app process is gone, or it ended amid its answer. */
function refuse(res: ServerResponse): void {
  if (res.headersSent) res.destroy()
  else res.writeHead(502, { 'Content-Type': 'application/json' }).end('{"error":"Bad gateway"}')
}
