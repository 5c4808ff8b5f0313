// npm run bench [-- suite …]: every contender of a suite does the same work, each round in a fresh process, in turn
// (A B C A B C …), so that a slow moment of the machine meets all of them. Prints medians, spread and ratios.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { startRedis } from './harness/redis.js'
import { printTable } from './harness/table.js'

const rounds = Number(process.env.ROUNDS ?? 5)
const worker = fileURLToPath(new URL('harness/worker.js', import.meta.url))
const suiteFiles = readdirSync(new URL('suites/', import.meta.url)).toSorted()

/** One contender's work in a process of its own: its measure, or the reason why there is none. */
function runWorker(file, contender, env) {
  return new Promise((resolve, reject) => {
    // Links stay links, so that Sluice finds the ioredis of this folder, which its floors and peers use too.
    const links = ['--preserve-symlinks', '--preserve-symlinks-main']
    const args = ['--expose-gc', ...links, worker, file, contender]
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output.trim().split('\n').at(-1)))
      else reject(new Error(`${file} ${contender}: exit ${code}`))
    })
  })
}

async function runSuite(file, redis) {
  const suite = await import(new URL(`suites/${file}`, import.meta.url))
  const names = Object.keys(suite.contenders)
  const results = new Map(names.map((name) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) {
      process.stderr.write(
        `\r${suite.title}: round ${round} of ${rounds}, ${name}${' '.repeat(30)}`,
      )
      results.get(name).push(await runWorker(file, name, { BENCH_REDIS_URL: redis.url }))
    }
  }
  process.stderr.write('\n')
  printTable(suite, results)
}

const wanted = process.argv.slice(2)
const chosen = suiteFiles.filter(
  (file) => wanted.length === 0 || wanted.some((word) => file.includes(word)),
)
const redis = await startRedis()
try {
  console.log(
    `Node ${process.version}, ${cpus().length} cores, ${redis.version}, ${rounds} rounds\n`,
  )
  for (const file of chosen) await runSuite(file, redis)
} finally {
  redis.stop()
}
