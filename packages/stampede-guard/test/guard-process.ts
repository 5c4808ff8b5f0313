import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const fixture = fileURLToPath(new URL('fixtures/guard-process.mjs', import.meta.url))

/** A process with a guard of its own. */
export interface GuardProcess {
  /** Sends an order, see the fixture. */
  order(...words: readonly (string | number)[]): void
  /** The next thing that it says. */
  answer(): Promise<unknown>
  kill(): Promise<void>
}

/** Starts a process, which ends with the test at the latest. */
export async function startGuardProcess(settings: object): Promise<GuardProcess> {
  const child = spawn(process.execPath, [fixture, JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  onTestFinished(kill)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<unknown> => {
    const { value } = await lines.next()
    return JSON.parse(String(value))
  }
  await answer()
  return { order: (...words) => void child.stdin.write(`${words.join(' ')}\n`), answer, kill }
}
