import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'

/** A listening server. */
export interface RunningServer {
  readonly url: string
  /** Stops listening, lets requests under way finish for two seconds, then ends their connections. */
  stop(): Promise<void>
}

/** Listens; port 0 takes a free one. */
export async function startServer(listener: RequestListener, port: number): Promise<RunningServer> {
  const server = createServer(listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, resolve)
  })
  const address = server.address()
  const actual = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://localhost:${actual}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), 2000)
      await closed
      clearTimeout(timer)
    },
  }
}
