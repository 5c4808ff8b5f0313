import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import {
  binaryOnPath,
  chosenBinary,
  installByApt,
  isDebianLike,
  mayInstall,
  thisMachine,
  type Machine,
} from './machine.ts'

const names = ['valkey-server', 'redis-server']

/**
 * Finds the server that tests start: `REDIS_SERVER_BIN`, else `valkey-server`, else `redis-server` on PATH.
 * Without one, root on a Debian-like system gets `redis-server` installed by apt, and is told so on stderr.
 *
 * @returns the absolute path of the binary.
 * @throws Error naming the one command to type, where nothing is found and nothing may be installed; and where
 *   `REDIS_SERVER_BIN` is set to something that cannot be run.
 */
export async function findRedisBinary(machine: Machine = thisMachine()): Promise<string> {
  const chosen = chosenBinary(machine, 'REDIS_SERVER_BIN', 'a Redis or Valkey server')
  const found = chosen ?? binaryOnPath(machine, names)
  if (found !== undefined) return found
  if (!mayInstall(machine)) throw new Error(missingMessage(machine))
  await installRedis(machine)
  const installed = binaryOnPath(machine, names)
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

async function installRedis(machine: Machine): Promise<void> {
  const { run, say, exists } = machine
  say('testkit: no Redis or Valkey server found; installing redis-server by apt-get')
  await installByApt(machine, 'redis-server')
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
