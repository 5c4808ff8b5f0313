import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'

const autocannon = fileURLToPath(
  new URL('../node_modules/autocannon/autocannon.js', import.meta.url),
)

/**
 * Nanoseconds a request of ten connections, which a process of their own keeps busy for five seconds after a second of warming
 * up. They send the cookies that a request to `start` was given, if there is one.
 */
export async function measureServer({ handler, start }) {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${server.address().port}/`
  const cookies = start === undefined ? [] : await cookiesOf(new URL(start, url))
  await load(url, 1, cookies)
  const { requests, non2xx, errors } = await load(url, 5, cookies)
  if (non2xx + errors > 0) throw new Error(`${non2xx} answers were not 200, ${errors} none`)
  return { value: 1e9 / requests.average }
}

async function cookiesOf(url) {
  const { headers } = await fetch(url)
  const cookies = headers.getSetCookie().map((line) => line.split(';')[0])
  if (cookies.length === 0) throw new Error('no cookie was set')
  return ['--headers', `Cookie=${cookies.join('; ')}`]
}

async function load(url, seconds, more) {
  const args = [autocannon, '--connections', 10, '--duration', seconds, '--json', ...more, url]
  const child = spawn(process.execPath, args.map(String), { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  await once(child, 'close')
  return JSON.parse(output)
}
