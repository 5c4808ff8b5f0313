import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The part of the machine that a search for a program looks at; tests of a search hand in one of their own. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: string
  /** The user id, 0 for root; `undefined` where there is none. */
  readonly uid: number | undefined
  /** Whether an absolute path exists. */
  readonly exists: (path: string) => boolean
  /** Runs one command to its end, its output on stderr; rejects unless it exits with 0. */
  readonly run: (command: string, args: readonly string[]) => Promise<void>
  /** Tells the person at the terminal something. */
  readonly say: (line: string) => void
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  return {
    env: process.env,
    platform: process.platform,
    uid: process.getuid?.(),
    exists: existsSync,
    run: runToEnd,
    say: (line) => process.stderr.write(`${line}\n`),
  }
}

/**
 * The program that an environment variable chooses; `undefined` where it is unset or empty.
 *
 * @param what such as `'a Chromium'`
 * @throws Error for a path that cannot be run
 */
export function chosenBinary({ env }: Machine, variable: string, what: string): string | undefined {
  const chosen = env[variable]
  if (chosen === undefined || chosen === '') return undefined
  if (isExecutable(chosen)) return chosen
  throw new Error(
    `Expected ${variable} to be the path of ${what}, got ${JSON.stringify(chosen)}, which cannot be run. ` +
      'Correct it, or unset it to search PATH.',
  )
}

/** The first of some programs that is on PATH, wherever on it. */
export function binaryOnPath({ env }: Machine, names: readonly string[]): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

/** Whether there is apt-get. */
export function isDebianLike({ platform, exists }: Machine): boolean {
  return platform === 'linux' && exists('/usr/bin/apt-get')
}

/** Whether apt-get may install something without being asked: as root, where nobody's machine is changed behind their back. */
export function mayInstall(machine: Machine): boolean {
  return machine.uid === 0 && isDebianLike(machine)
}

/** Installs one package. Debian starts a service that it installs; at run level 1 it does not, so its port stays free. */
export async function installByApt({ run }: Machine, name: string): Promise<void> {
  const quietly = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1']
  await run('apt-get', ['update'])
  await run('env', [...quietly, 'apt-get', 'install', '-y', '--no-install-recommends', name])
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
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
