import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

const ranges = 4
const portsInRange = 2500
/** Test files that run at a time have ranges of their own: a server that is to come back finds its port free. */
const lowest = 10_000 + (Number(process.env['VITEST_POOL_ID'] ?? 0) % ranges) * portsInRange

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
    const port = lowest + randomInt(portsInRange)
    if (await isFree(port)) return port
  }
  throw new Error(`No free port from ${lowest} on in 100 attempts`)
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
