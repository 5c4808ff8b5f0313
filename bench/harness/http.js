import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'

const autocannon = fileURLToPath(
  new URL('../node_modules/autocannon/autocannon.js', import.meta.url),
)

/** Nanoseconds a request of ten connections, which a process of their own keeps busy for five seconds after a second of warming up. */
export async function measureServer({ handler }) {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${server.address().port}/`
  await load(url, 1)
  const { requests, non2xx, errors } = await load(url, 5)
  if (non2xx + errors > 0) throw new Error(`${non2xx} answers were not 200, ${errors} none`)
  return { value: 1e9 / requests.average }
}

async function load(url, seconds) {
  const args = [autocannon, '--connections', 10, '--duration', seconds, '--json', url]
  const child = spawn(process.execPath, args.map(String), { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  await once(child, 'close')
  return JSON.parse(output)
}
