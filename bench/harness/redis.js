import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** The server to start: `REDIS_SERVER_BIN`, else what is on PATH. */
export function findRedis() {
  const chosen = process.env.REDIS_SERVER_BIN
  const binaries = chosen === undefined ? ['redis-server', 'valkey-server'] : [chosen]
  for (const binary of binaries) {
    const { status, stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' })
    const [, name, version] = /(\w+) server v=(\S+)/.exec(stdout ?? '') ?? []
    if (status === 0 && version !== undefined) return { binary, version: `${name} ${version}` }
  }
  const missing = `${binaries.join(' and ')} cannot be run`
  throw new Error(`${missing}. Install one: ${installCommand()}, or name one by REDIS_SERVER_BIN.`)
}

function installCommand() {
  return process.platform === 'darwin' ? 'brew install redis' : 'sudo apt-get install redis-server'
}

/** Starts a Redis without persistence on a free port. It ends with this process. */
export async function startRedis() {
  const { binary, version } = findRedis()
  const port = await freePort()
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn(binary, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  await ready(child)
  return {
    url: `redis://127.0.0.1:${port}`,
    version,
    stop() {
      process.off('exit', kill)
      kill()
    },
  }
}

function ready(child) {
  return new Promise((resolve, reject) => {
    let log = ''
    child.stdout.on('data', (chunk) => {
      if (log === undefined) return
      log += chunk
      if (!log.includes('Ready to accept connections')) return
      log = undefined
      resolve()
    })
    child.once('exit', () => reject(new Error(`Redis did not start: ${log ?? 'it ended'}`)))
  })
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
