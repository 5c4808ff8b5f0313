import { execFile, spawn } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** The part of the machine that the search looks at; tests hand in one of their own. */
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

/**
 * Finds the server that tests start: `REDIS_SERVER_BIN`, else `valkey-server`, else `redis-server` on PATH.
 * Without one, root on a Debian-like system gets `redis-server` installed by apt, and is told so on stderr.
 *
 * @returns the absolute path of the binary.
 * @throws Error naming the one command to type, where nothing is found and nothing may be installed; and where
 *   `REDIS_SERVER_BIN` is set to something that cannot be run.
 */
export async function findRedisBinary(machine: Machine = thisMachine()): Promise<string> {
  const found = chosenBinary(machine) ?? binaryOnPath(machine)
  if (found !== undefined) return found
  if (!mayInstall(machine)) throw new Error(missingMessage(machine))
  await installByApt(machine)
  const installed = binaryOnPath(machine)
  if (installed === undefined) throw new Error(missingMessage(machine))
  return installed
}

/** The version that a server binary reports, such as `7.0.15`. */
export async function redisVersion(binary: string): Promise<string> {
  const { stdout } = await promisify(execFile)(binary, ['--version'])
  const version = /v=(\d+\.\d+\.\d+)/.exec(stdout)?.[1]
  if (version === undefined)
    throw new Error(`${binary} --version does not name a version: ${stdout}`)
  return version
}

/** The machine that this process runs on. */
function thisMachine(): Machine {
  return {
    env: process.env,
    platform: process.platform,
    uid: process.getuid?.(),
    exists: existsSync,
    run: runToEnd,
    say: (line) => process.stderr.write(`${line}\n`),
  }
}

function chosenBinary({ env }: Machine): string | undefined {
  const chosen = env['REDIS_SERVER_BIN']
  if (chosen === undefined || chosen === '') return undefined
  if (isExecutable(chosen)) return chosen
  throw new Error(
    `Expected REDIS_SERVER_BIN to be the path of a Redis or Valkey server, got ${JSON.stringify(chosen)}, ` +
      'which cannot be run. Correct it, or unset it to search PATH.',
  )
}

function binaryOnPath({ env }: Machine): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return ['valkey-server', 'redis-server']
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function isDebianLike({ platform, exists }: Machine): boolean {
  return platform === 'linux' && exists('/usr/bin/apt-get')
}

function mayInstall(machine: Machine): boolean {
  return machine.uid === 0 && isDebianLike(machine)
}

async function installByApt({ run, say, exists }: Machine): Promise<void> {
  say('testkit: no Redis or Valkey server found; installing redis-server by apt-get')
  // Debian starts a service that it installs. At run level 1 invoke-rc.d does not, so port 6379 stays free.
  const quietly = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1']
  await run('apt-get', ['update'])
  await run('env', [
    ...quietly,
    'apt-get',
    'install',
    '-y',
    '--no-install-recommends',
    'redis-server',
  ])
  // systemd knows no run level; the service is a minute old and nobody's yet.
  if (exists('/run/systemd/system')) await run('systemctl', ['disable', '--now', 'redis-server'])
}

function missingMessage(machine: Machine): string {
  return (
    'The tests run on a real Redis or Valkey server, and neither valkey-server nor redis-server is on PATH. ' +
    installHint(machine)
  )
}

function installHint(machine: Machine): string {
  if (machine.platform === 'darwin') return 'Install one: brew install valkey'
  if (isDebianLike(machine)) return 'Install one: sudo apt-get install -y redis-server'
  return 'Install one with your package manager, or point to one: REDIS_SERVER_BIN=/path/to/redis-server npm test'
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
