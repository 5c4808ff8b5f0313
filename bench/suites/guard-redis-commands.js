import { Redis } from 'ioredis'
import { each, guardHits, onRedis, unguarded } from '../harness/guard-contenders.js'
import { object, sequential } from '../harness/work.js'

export const title = 'Commands that Redis runs for a guarded hit'
export const unit = 'commands'
export const floor = 'ioredis GET, JSON'

const count = 1000

/** What Redis counted over a thousand hits, commands inside of scripts and pings of connections included. */
export async function measure({ run }) {
  const redis = new Redis(process.env.BENCH_REDIS_URL)
  await redis.config('RESETSTAT')
  await run(count)
  const lines = (await redis.info('commandstats')).matchAll(/^cmdstat_(.+?):calls=(\d+)/gm)
  const ours = new Set(['config|resetstat', 'info'])
  const calls = [...lines].map(([, name, calls]) => (ours.has(name) ? 0 : Number(calls)))
  return { value: calls.reduce((sum, one) => sum + one, 0) / count }
}

export const contenders = each({ 'ioredis GET, JSON': unguarded, ...onRedis }, (make) =>
  guardHits(make, object, sequential),
)
