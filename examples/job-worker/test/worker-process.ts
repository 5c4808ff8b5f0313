import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { waitUntil } from '@sluice/testkit'

/** A process of the example. */
export interface ExampleProcess extends AsyncDisposable {
  readonly pid: number
  /** All that it printed so far. */
  output(): string
  kill(signal: NodeJS.Signals): void
  /** How it ended. */
  readonly ended: Promise<Ending>
}

/** The exit code, or the signal that ended it; and how long it had run. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Runs a built file of the example. */
export function run(
  file: string,
  env: NodeJS.ProcessEnv,
  args: readonly string[] = [],
): ExampleProcess {
  const main = fileURLToPath(new URL(`../dist/${file}.js`, import.meta.url))
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  }
  const ended = ending(child)
  return {
    pid: child.pid ?? 0,
    output: () => output,
    kill: (signal) => void child.kill(signal),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Starts a worker and waits until it takes orders. */
export async function startWorker(env: NodeJS.ProcessEnv): Promise<ExampleProcess> {
  const worker = run('main', env)
  await waitUntil(() => worker.output().includes('takes orders'), { what: 'a worker' })
  return worker
}

/** Makes the wall clock of a process run behind: another machine's. */
export function clockBehind(byMs: number): NodeJS.ProcessEnv {
  const module = `const Real = Date
    globalThis.Date = class extends Real {
      constructor(...args) { args.length === 0 ? super(Real.now() - ${byMs}) : super(...args) }
      static now() { return Real.now() - ${byMs} }
    }`
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` }
}

async function ending(child: ChildProcess): Promise<Ending> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal }
}
