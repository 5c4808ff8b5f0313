import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { startRedis } from './redis.js'

/** After so long a contender has failed. */
const patienceMs = 180_000

/** Links stay links, so that Sluice finds the ioredis of this folder, which its floors and peers use too. */
const flags = ['--expose-gc', '--preserve-symlinks', '--preserve-symlinks-main']

/** The groups of processes that run. */
const running = new Set()

/** Ends every process that was started here, and those that they started. */
export function endAll() {
  for (const pid of running) endGroup(pid)
}

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All of its processes have ended by themselves.
  }
}

/** Runs a file of this folder in a process with a Redis of its own: the JSON of its last line, or a rejection that says why. */
export async function runApart(file, args) {
  const redis = await startRedis()
  try {
    return await runWith(redis.url, file, args)
  } finally {
    redis.stop()
  }
}

function runWith(url, file, args) {
  const path = fileURLToPath(new URL(file, import.meta.url))
  return new Promise((resolve, reject) => {
    // A group of its own, so that what it starts ends with it.
    const child = spawn(process.execPath, [...flags, path, ...args], {
      detached: true,
      env: { ...process.env, BENCH_REDIS_URL: url },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child.pid)
    const late = setTimeout(() => endGroup(child.pid), patienceMs)
    const said = { out: '', err: '' }
    child.stdout.on('data', (chunk) => (said.out += chunk))
    child.stderr.on('data', (chunk) => (said.err += chunk))
    child.on('error', reject)
    child.on('exit', () => {
      clearTimeout(late)
      endGroup(child.pid)
      running.delete(child.pid)
    })
    child.on('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(said.out.trim().split('\n').at(-1)))
      else reject(new Error(reason(said.err, code, signal)))
    })
  })
}

/** The line of what a process said that tells why it failed. */
function reason(said, code, signal) {
  if (signal === 'SIGKILL') return `not done after ${patienceMs / 1000} s`
  const lines = said.split('\n').filter((line) => line.trim() !== '')
  const line = lines.find((one) => /^(Uncaught )?\w*Error\b/.test(one)) ?? lines.at(-1)
  return (line ?? `exit code ${code}`).trim().slice(0, 200)
}
