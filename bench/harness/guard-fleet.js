import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { startChildren } from './children.js'
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
  const children = await startChildren(4, program, [name, key])
  await children.tell('go')
  children.stop()
  return Number(await new Redis(process.env.BENCH_REDIS_URL).get(`loads:${key}`))
}
