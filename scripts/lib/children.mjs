import { spawn } from 'node:child_process'
import { once } from 'node:events'

const children = new Set()

let isEnding = false

// Whoever ends this script ends what it started too. Its exit handlers run when nothing writes into its folders any more.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.once(signal, () => {
    isEnding = true
    const ended = [...children].map((child) => once(child, 'exit'))
    // With all that a child has started: TypeScript 7 and vitest work in processes of their own.
    for (const { pid } of children) process.kill(-pid, 'SIGKILL')
    void Promise.all(ended).then(() => process.exit(code))
  })
}

/**
 * Runs a command to its end: whether it succeeded, all that it said (`output`, and `stdout` alone), and how long it took.
 * It never rejects.
 */
export function runCommand([command, ...args], options) {
  const startedMs = performance.now()
  return new Promise((resolve) => {
    // Once the script is ending, nothing begins and nothing settles.
    if (isEnding) return
    const [all, out] = [[], []]
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      ...options,
    })
    const settle = (passed, lastWords = '') => {
      children.delete(child)
      if (isEnding) return
      const seconds = (performance.now() - startedMs) / 1000
      const stdout = Buffer.concat(out).toString()
      resolve({ passed, seconds, stdout, output: Buffer.concat(all).toString() + lastWords })
    }
    const hear = (chunk) => all.push(chunk)
    if (child.pid !== undefined) children.add(child)
    child.stdout.on('data', (chunk) => out.push(chunk))
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('error', (error) => settle(false, `${error.message}\n`))
    child.on('close', (code) => settle(code === 0))
  })
}

/** npm by the Node that runs this script. Nothing is audited, funded, or looked up that the cache knows. */
export function runNpm(args, options) {
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--prefer-offline']
  return runCommand(['npm', ...args, ...quiet], options)
}
