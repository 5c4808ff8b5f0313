import { spawn } from 'node:child_process'
import { accessSync, constants, realpathSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { runCommand } from './children.mjs'

// The server goes when the input ends, and that ends whatever becomes of this process.
const guard = '"$@" </dev/null & server=$!; read -r _; kill -9 "$server"; wait "$server"'

/** The servers of this machine: `REDIS_SERVER_BIN`, valkey-server, redis-server. The first is the one that tests start. */
function redisServers() {
  const chosen = process.env.REDIS_SERVER_BIN
  const onPath = ['valkey-server', 'redis-server'].flatMap((name) =>
    process.env.PATH.split(delimiter).map((folder) => join(folder, name)),
  )
  const all = [...(chosen ? [chosen] : []), ...onPath].filter(isExecutable)
  // By its own name and not by that of its file: Redis is one file that goes by its name.
  const byFile = new Map()
  for (const path of all) {
    const file = realpathSync(path)
    if (!byFile.has(file)) byFile.set(file, path)
  }
  return [...byFile.values()]
}

/** The same, each with the name and version that it reports: `redis-7.0.15`, `valkey-8.0.1`. */
export async function findRedisServers() {
  return Promise.all(
    redisServers().map(async (binary) => {
      const { stdout } = await runCommand([binary, '--version'])
      const [, kind, version] = /^(\w+) server v=([\d.]+)/i.exec(stdout) ?? ['', 'server', binary]
      return { binary, name: `${kind.toLowerCase()}-${version}` }
    }),
  )
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Starts a server with an empty memory on a free port: its url, and what ends it. */
export async function startRedisServer() {
  const [binary] = redisServers()
  if (binary === undefined) {
    throw new Error('no valkey-server or redis-server on PATH or in REDIS_SERVER_BIN')
  }
  const port = await freePort()
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('sh', ['-c', guard, 'sh', binary, ...args.map(String)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  let output = ''
  await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.stdout.on('data', (chunk) => {
      output += chunk
      if (output.includes('Ready to accept connections')) resolve()
    })
    child.stdout.on('close', () => reject(new Error(`${binary} ended: ${output}`)))
  })
  return { url: `redis://127.0.0.1:${port}`, stop: () => child.stdin.end() }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
