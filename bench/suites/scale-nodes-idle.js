import { setTimeout as sleep } from 'node:timers/promises'
import { createCache } from '@sluice/core'
import { nearStore } from '@sluice/core/near'
import { redisStore } from '@sluice/core/redis'
import { createGuard } from '@sluice/stampede-guard'
import { Redis } from 'ioredis'

export const title = 'What a process costs Redis while it does nothing'
export const unit = 'connections, bytes, commands'
export const counted = true
export const columns = {
  connections: 'connections',
  memory: 'bytes of connections',
  pings: 'pings a second',
}
export const note =
  'After the first call. With messages: a guard has met a tag, or has waited for another process; while a lock is waited for it is the same. Near: with one prefix, on one server.'

const url = process.env.BENCH_REDIS_URL
const redis = new Redis(url)

const contender = (open, start) => async () => ({ open, start })

async function useOnce(cache) {
  await cache.set('a', 1)
  await cache.get('a')
}

export const contenders = {
  'redisStore, commands alone': contender(() => redisStore({ url }), useOnce),
  'redisStore, with messages': contender(
    () => redisStore({ url }),
    async (cache) => {
      const guard = createGuard({ cache, ttl: '1h', tags: ['all'] })
      await guard.set('a', 1)
      await guard.get('a', () => 2)
    },
  ),
  nearStore: contender(() => nearStore(redisStore({ url })), useOnce),
}

const seconds = 8

export async function measure({ open, start }) {
  const before = await clients()
  const cache = createCache({ store: open(), prefix: 'shop', ttl: '1h' })
  await start(cache)
  await sleep(1000)
  const own = (await clients()).filter(({ id }) => !before.some((one) => one.id === id))
  const pings = await pingsSoFar()
  await sleep(seconds * 1000)
  return {
    columns: {
      connections: own.length,
      memory: own.reduce((sum, { memory }) => sum + memory, 0),
      pings: Math.round(((await pingsSoFar()) - pings) / seconds),
    },
  }
}

async function clients() {
  const lines = (await redis.client('LIST')).trim().split('\n')
  return lines.map((line) => {
    const { id, 'tot-mem': memory } = Object.fromEntries(
      line.split(' ').map((pair) => pair.split('=')),
    )
    return { id, memory: Number(memory) }
  })
}

async function pingsSoFar() {
  const told = /cmdstat_ping:calls=(\d+)/.exec(await redis.info('commandstats'))
  return Number(told?.[1] ?? 0)
}
