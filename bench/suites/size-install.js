import { execFileSync } from 'node:child_process'
import { bytesOf, closure } from '../harness/installed.js'
import { median } from '../harness/timing.js'

export const title = 'What a package brings along, and how long a fresh process takes to import it'
export const unit = 'bytes, ms, packages'
export const floor = '@sluice/core'
export const columns = { install: 'bytes', import: 'ms', packages: 'packages' }
export const note =
  'With everything that they need at run time and without frameworks. @sluice/core is needed by the other four and counted in each. Sluice does without ioredis in memory and uses the one of the application on Redis; of its own packages source and type maps are counted too. Those that bring a Redis client of their own are counted with it.'

const imports = 3

export async function measure({ names }) {
  const folders = closure(names)
  return {
    columns: {
      install: folders.reduce((sum, folder) => sum + bytesOf(folder), 0),
      import: median(Array.from({ length: imports }, () => importMs(names))),
      packages: folders.length,
    },
  }
}

/** Of a process that has done nothing else. */
function importMs(names) {
  const program = `const startedAt = performance.now()
    for (const name of ${JSON.stringify(names)}) await import(name)
    console.log(performance.now() - startedAt)
    process.exit()`
  const links = ['--preserve-symlinks', '--preserve-symlinks-main']
  const cwd = new URL('..', import.meta.url)
  const args = [...links, '--input-type=module', '--eval', program]
  return Number(execFileSync(process.execPath, args, { cwd }).toString())
}

const packages = [
  ['@sluice/core'],
  ['cache-manager'],
  ['keyv'],
  ['cacheable'],
  ['bentocache'],
  ['@sluice/rate-limiter'],
  ['express-rate-limit', 'rate-limit-redis'],
  ['rate-limiter-flexible'],
  ['koa-ratelimit'],
  ['@sluice/session-store'],
  ['express-session', 'connect-redis'],
  ['koa-session'],
  ['@sluice/distributed-lock'],
  ['redlock'],
  ['@sesamecare-oss/redlock'],
  ['redis-semaphore'],
  ['@verrou/core'],
  ['@sluice/stampede-guard'],
  ['async-cache-dedupe'],
  ['@epic-web/cachified'],
  ['apicache'],
  ['koa-cash'],
  ['ioredis'],
]

export const contenders = Object.fromEntries(
  packages.map((names) => [names.join(', '), async () => ({ names })]),
)
