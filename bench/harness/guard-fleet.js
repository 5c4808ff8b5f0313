import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { inMemory, onRedis, unguarded } from './guard-contenders.js'

const program = fileURLToPath(new URL('guard-fleet-process.js', import.meta.url))

/** Who takes part. What lru-cache has is each process's own. */
export const fleet = {
  'no guard': unguarded,
  ...onRedis,
  'lru-cache fetch': inMemory['lru-cache fetch'],
}

/** How often the source is asked by four processes whose 250 callers each miss one key at the same time. */
export async function loadsOfFleet(name) {
  const key = `miss:${process.pid}`
  const children = Array.from({ length: 4 }, () => fork(program, [name, key]))
  await Promise.all(children.map((child) => heard(child)))
  const done = children.map((child) => heard(child))
  for (const child of children) child.send('go')
  await Promise.all(done)
  for (const child of children) child.kill()
  return Number(await new Redis(process.env.BENCH_REDIS_URL).get(`loads:${key}`))
}

async function heard(child) {
  const gone = once(child, 'exit').then(() => Promise.reject(new Error('a process ended early')))
  await Promise.race([once(child, 'message'), gone])
  gone.catch(() => {})
}
