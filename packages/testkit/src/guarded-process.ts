import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'

/** A server process that cannot outlive the process that started it. */
export interface GuardedProcess {
  readonly pid: number
  /** Ends the server with SIGKILL, and resolves once it is gone. Its folder stays. */
  kill(): Promise<void>
  /** Ends the server if it still runs, then removes its folder, unless it is to be kept. */
  stop(options?: { keepFolder: boolean }): Promise<void>
}

/** What to start, and how it says that it is ready. */
export interface GuardedProcessOptions {
  readonly command: readonly string[]
  /** The server's own folder, removed with it. */
  readonly folder: string
  /** Resolves `startGuarded` when the server's output contains it. */
  readonly readyText: string
}

/** A server ended before it was ready; the message holds all that it said. */
class ServerStartError extends Error {
  override readonly name = 'ServerStartError'
  /** As Node says it for a port that is taken. */
  readonly code: 'EADDRINUSE' | 'ERR_TESTKIT_SERVER_START'

  constructor(command: readonly string[], output: string) {
    super(`${command.join(' ')} ended before it was ready:\n${output}`)
    const isPortTaken = output.includes('Address already in use')
    this.code = isPortTaken ? 'EADDRINUSE' : 'ERR_TESTKIT_SERVER_START'
  }
}

// The guard owns the server and waits for one line, or the end of its input. Input ends whatever becomes of the
// starter, SIGKILL included, since the other end of the pipe dies with it. Until then the dead server stays an
// unreaped child, so its pid cannot have become another process's. A line means: keep the folder.
const GUARD = `
"$@" </dev/null & server=$!
echo "guarded pid $server"
exec >&- 2>&-
read -r _ ; input=$?
kill -9 "$server"; wait "$server"
[ "$input" = 0 ] || rm -rf "$0"
`

/**
 * Starts a server under a guard: however this process ends, the server is killed and its folder removed.
 *
 * @throws ServerStartError if the server ends before it says that it is ready.
 */
export async function startGuarded(options: GuardedProcessOptions): Promise<GuardedProcess> {
  const { command, folder, readyText } = options
  // Detached: a Ctrl-C at the terminal is for the tests, not for the guard, which still has a server to end.
  const guard = spawn('sh', ['-c', GUARD, folder, ...command], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  })
  const guardEnded = once(guard, 'exit')
  const serverEnded = once(guard.stdout, 'close')
  const output = await outputUntil(guard, readyText)
  const pid = Number(/guarded pid (\d+)/.exec(output)?.[1])

  const stop = async ({ keepFolder } = { keepFolder: false }): Promise<void> => {
    guard.stdin.end(keepFolder ? '\n' : '')
    await Promise.all([guardEnded, serverEnded])
  }
  if (!output.includes(readyText)) {
    await stop({ keepFolder: true })
    throw new ServerStartError(command, output)
  }
  const kill = async (): Promise<void> => {
    if (guard.stdout.closed) return
    process.kill(pid, 'SIGKILL')
    await serverEnded
  }
  return { pid, kill, stop }
}

/** The output up to and with `text`; all of it, if the server ends without saying so. */
function outputUntil(
  guard: ChildProcessByStdio<Writable, Readable, null>,
  text: string,
): Promise<string> {
  let output = ''
  return new Promise((resolve) => {
    const hear = (chunk: string): void => {
      output += chunk
      if (!output.includes(text)) return
      guard.stdout.off('data', hear)
      // What is said later is read and dropped: a full pipe would stop the server.
      guard.stdout.resume()
      resolve(output)
    }
    guard.stdout.setEncoding('utf8').on('data', hear)
    guard.stdout.once('close', () => resolve(output))
  })
}
