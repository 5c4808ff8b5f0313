import { spawn, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Starts a Redis without persistence on a free port. It ends with this process. */
export async function startRedis() {
  const binary = process.env.REDIS_SERVER_BIN ?? 'redis-server'
  const port = await freePort()
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn(binary, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => child.kill('SIGKILL'))
  for (let log = ''; !log.includes('Ready to accept connections');) {
    const [chunk] = await once(child.stdout, 'data')
    log += chunk
  }
  child.stdout.resume()
  const version = execFileSync(binary, ['--version']).toString().split(' sha')[0]
  return { url: `redis://127.0.0.1:${port}`, version, stop: () => child.kill('SIGKILL') }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
