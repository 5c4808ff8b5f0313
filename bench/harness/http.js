import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'

const autocannon = fileURLToPath(
  new URL('../node_modules/autocannon/autocannon.js', import.meta.url),
)

/** How many requests are timed, after so many that warm up: every contender gets as many. */
export const requests = 4000
export const warming = 8000

/**
 * Nanoseconds a request, of ten connections of loopback that a process of their own keeps busy. They ask for `path`, and send
 * the cookies that a request to `start` was given, if there is one.
 */
export async function measureServer({ handler, start, path = '/' }) {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(path, `http://127.0.0.1:${server.address().port}`).href
  const cookies = start === undefined ? [] : await cookiesOf(new URL(start, url))
  await load(url, warming, cookies)
  return { value: ((await load(url, requests, cookies)) * 1e9) / requests }
}

async function cookiesOf(url) {
  const { headers } = await fetch(url)
  const cookies = headers.getSetCookie().map((line) => line.split(';')[0])
  if (cookies.length === 0) throw new Error('no cookie was set')
  return ['--headers', `Cookie=${cookies.join('; ')}`]
}

/** Seconds that so many requests take. It is looked every 10 ms whether they are done. */
async function load(url, amount, more) {
  const bounds = ['--connections', 10, '--amount', amount, '--sampleInt', 10]
  const args = [autocannon, ...bounds, '--json', ...more, url]
  const child = spawn(process.execPath, args.map(String), { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  await once(child, 'close')
  const { duration, non2xx, errors, '2xx': good } = JSON.parse(output)
  if (good === amount && non2xx + errors === 0) return duration
  throw new Error(`of ${amount} requests ${good} were answered with 200, ${errors} not at all`)
}
