import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { startChildren } from './children.js'
import { commandsSent } from './commands-sent.js'

const program = fileURLToPath(new URL('nodes-redis-process.js', import.meta.url))

/** So many processes have a hundred nodes, each with a store and connections of its own. */
export const processes = 4
export const nodes = 100

export const limiterSetting = { limit: 2000, windowMs: 5000, demand: 2, seconds: 15 }
export const guardSetting = {
  ttlMs: 2000,
  loadMs: 200,
  readsPerSecond: 400,
  seconds: 14,
  warmMs: 4000,
}

/** What the processes told after their work, how many commands they sent meanwhile, and how many listened to guards at its end. */
export async function runNodes(kind, options) {
  const children = await startChildren(processes, program, [kind, JSON.stringify(options)])
  let told
  const commands = await commandsSent(async () => (told = await children.tell('go')))
  const redis = new Redis(process.env.BENCH_REDIS_URL)
  const [, listeners] = await redis.pubsub('NUMSUB', 'sluice#guard:{loads}')
  redis.disconnect()
  children.stop()
  return { told, commands, listeners }
}

/** Sums what every process counted under a name. */
export function sumOf(told, name) {
  return told.reduce((sum, one) => sum + one[name], 0)
}
