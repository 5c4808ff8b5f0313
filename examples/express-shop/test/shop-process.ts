import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** The Express shop, which is opened where no other is named. */
export const expressMain: string = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** A shop in a process of its own. */
export interface ShopProcess extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  /** All that it printed so far. */
  output(): string
  /** Sends the signal and answers with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/**
 * Opens a shop on a free port. Rejects with what it printed when it cannot open.
 *
 * @param main path of the built file that runs it
 */
export async function openShop(
  env: NodeJS.ProcessEnv = {},
  main: string = expressMain,
): Promise<ShopProcess> {
  const child = runShop(env, main)
  const printed: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => printed.push(String(chunk)))
  const exited = once(child, 'close') as Promise<[number | null]>
  const url = await Promise.race([
    addressIn(child, printed),
    exited.then(([code]) => Promise.reject(new Error(`exit ${code}: ${printed.join('')}`))),
  ])
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    child.kill(signal)
    return (await exited)[0]
  }
  return {
    url,
    pid: child.pid ?? 0,
    output: () => printed.join(''),
    stop,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await stop('SIGKILL')
    },
  }
}

/** Runs a shop that is expected not to open: its exit code and what it printed. */
export async function failToOpen(
  env: NodeJS.ProcessEnv,
  main: string = expressMain,
): Promise<{ code: number | null; output: string }> {
  const child = runShop(env, main)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => (output += String(chunk)))
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  return { code, output }
}

function runShop(env: NodeJS.ProcessEnv, main: string): ChildProcess {
  const { PATH } = process.env
  return spawn(process.execPath, [main], {
    env: { PATH, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function addressIn(child: ChildProcess, printed: readonly string[]): Promise<string> {
  while (child.stdout !== null) {
    const [, port] = /open at http:\/\/localhost:(\d+)/.exec(printed.join('')) ?? []
    if (port !== undefined) return `http://localhost:${port}`
    await once(child.stdout, 'data')
  }
  throw new Error('The shop has no output')
}
