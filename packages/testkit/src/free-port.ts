import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

const LOWEST = 10_000
const HIGHEST = 19_999

/** Launches on a free port, and on another if somebody took that one in between (`code` EADDRINUSE). */
export async function onFreePort<T>(
  launch: (port: number) => Promise<T>,
): Promise<{ port: number; server: T }> {
  for (let attemptsLeft = 5; ; attemptsLeft--) {
    const port = await freePort()
    try {
      return { port, server: await launch(port) }
    } catch (error) {
      if (attemptsLeft === 1 || !isPortTaken(error)) throw error
    }
  }
}

/**
 * A port of 127.0.0.1 on which nothing listens now, between 10000 and 19999.
 *
 * The range is never 6379; it lies below the ports that systems give to outgoing connections, so that a server can
 * come back on its own port; and a Cluster bus (port + 10000) never meets another server's port.
 */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(LOWEST, HIGHEST + 1)
    if (await isFree(port)) return port
  }
  throw new Error(`No free port between ${LOWEST} and ${HIGHEST} in 100 attempts`)
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
