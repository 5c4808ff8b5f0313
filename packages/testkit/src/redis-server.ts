import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onFreePort } from './free-port.ts'
import { startGuarded } from './guarded-process.ts'
import { findRedisBinary } from './redis-binary.ts'

/** A real Redis (or Valkey) of the test's own, on 127.0.0.1. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number
  /** `redis://127.0.0.1:<port>` */
  readonly url: string
  /** The running server's process id; changes with `restart()`. */
  readonly pid: number
  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void
  /** SIGCONT: what was sent meanwhile is answered. */
  resume(): void
  /** SIGKILL, awaited: connections are refused from now on, and the data is gone. */
  kill(): Promise<void>
  /** Ends the server if it runs, and starts it empty, with the same port, folder and arguments. */
  restart(): Promise<void>
  /** Ends the server and removes its folder. Calling it again does nothing. */
  stop(): Promise<void>
}

/** How to start a server. */
export interface RedisServerOptions {
  /** Further arguments for the server, such as `['--maxmemory', '10mb']`. Default none. */
  readonly args?: readonly string[]
}

/**
 * Starts a Redis on a free port (never 6379), with an empty temporary folder and no persistence. It ends with
 * `stop()`, and at the latest with this process, however that ends.
 *
 * @example
 * await using redis = await startRedis()
 * const store = redisStore({ url: redis.url })
 */
export async function startRedis({ args = [] }: RedisServerOptions = {}): Promise<RedisServer> {
  const binary = await findRedisBinary()
  const folder = await mkdtemp(join(tmpdir(), 'sluice-redis-'))
  const launch = (port: number) =>
    startGuarded({
      command: [binary, ...baseArgs(port, folder), ...args],
      folder,
      readyText: 'Ready to accept connections',
    })

  try {
    const { port, server } = await onFreePort(launch)
    let current = server
    let stopped: Promise<void> | undefined
    const stop = () => (stopped ??= current.stop())
    return {
      port,
      url: `redis://127.0.0.1:${port}`,
      get pid() {
        return current.pid
      },
      pause: () => void process.kill(current.pid, 'SIGSTOP'),
      resume: () => void process.kill(current.pid, 'SIGCONT'),
      kill: () => current.kill(),
      restart: async () => {
        await current.stop({ keepFolder: true })
        current = await launch(port)
      },
      stop,
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

function baseArgs(port: number, folder: string): string[] {
  return [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
    ...['--save', '', '--appendonly', 'no', '--daemonize', 'no'],
  ]
}
