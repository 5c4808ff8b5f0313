import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The part of the machine that the search looks at; its test hands in one of its own. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The user id, 0 for root; `undefined` where there is none. */
  readonly uid: number | undefined
  /** Whether apt-get is there. */
  readonly hasApt: boolean
  /** Runs one command to its end, its output on stderr; rejects unless it exits with 0. */
  readonly run: (command: string, args: readonly string[]) => Promise<void>
  /** Tells the person at the terminal something. */
  readonly say: (line: string) => void
}

const names = ['chromium', 'chromium-browser', 'google-chrome']
const aptInstall = ['install', '-y', '--no-install-recommends', 'chromium']

/**
 * Finds the browser that the page is tested in: `CHROMIUM_BIN`, else one on PATH, else root on a Debian-like system
 * gets one installed by apt.
 *
 * @returns its path; `undefined` where there is none, after a line on stderr that says so and names the command.
 * @throws Error instead of `undefined` where `CI` is `true`; and for a `CHROMIUM_BIN` that cannot be run.
 */
export async function findChromium(machine: Machine = thisMachine()): Promise<string | undefined> {
  const found = chosenBinary(machine) ?? binaryOnPath(machine) ?? (await installed(machine))
  if (found !== undefined) return found
  const message = missingMessage(machine)
  if (machine.env['CI'] === 'true') throw new Error(message)
  machine.say(message)
  return undefined
}

function thisMachine(): Machine {
  return {
    env: process.env,
    uid: process.getuid?.(),
    hasApt: process.platform === 'linux' && existsSync('/usr/bin/apt-get'),
    run: runToEnd,
    say: (line) => process.stderr.write(`${line}\n`),
  }
}

function chosenBinary({ env }: Machine): string | undefined {
  const chosen = env['CHROMIUM_BIN']
  if (chosen === undefined || chosen === '') return undefined
  if (isExecutable(chosen)) return chosen
  throw new Error(
    `Expected CHROMIUM_BIN to be the path of a Chromium, got ${JSON.stringify(chosen)}, which cannot be run. ` +
      'Correct it, or unset it to search PATH.',
  )
}

function binaryOnPath({ env }: Machine): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

async function installed(machine: Machine): Promise<string | undefined> {
  const { uid, hasApt, run, say } = machine
  if (uid !== 0 || !hasApt) return undefined
  say('express-shop: no Chromium found; installing chromium by apt-get')
  try {
    await run('apt-get', ['update'])
    await run('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', ...aptInstall])
  } catch (error) {
    say(`express-shop: ${String(error)}`)
  }
  return binaryOnPath(machine)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function missingMessage({ hasApt }: Machine): string {
  const hint = hasApt
    ? `Install one: sudo apt-get ${aptInstall.join(' ')}`
    : 'Install one, or point to one: CHROMIUM_BIN=/path/to/chromium npm test'
  return `express-shop: THE PAGE OF THE SHOP IS NOT TESTED, for want of a Chromium. ${hint}`
}

function runToEnd(command: string, args: readonly string[]): Promise<void> {
  // 2 is this process's stderr: stdout belongs to the test report.
  const child = spawn(command, args, { stdio: ['ignore', 2, 2] })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${[command, ...args].join(' ')} ended with ${code}`))
    })
  })
}
