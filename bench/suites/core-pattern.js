import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { Redis } from 'ioredis'
import { median, timesNs } from '../harness/timing.js'
import { expectEqual } from '../harness/work.js'

export const title = 'A pattern that 1,111 of 10,000 keys on Redis match'
export const unit = 'ns a call'
export const floor = 'SCAN MATCH COUNT 1000, UNLINK'
export const columns = { list: 'ns', count: 'ns', delete: 'ns' }
export const note =
  'The floor is a loop by hand over raw ioredis. Both see all keys of the Redis: SCAN has no index of names.'

const url = process.env.BENCH_REDIS_URL
const redis = new Redis(url)
const turns = 10
const names = Array.from({ length: 10_000 }, (_, at) => `item:${at}`)
const wanted = names.filter((name) => name.startsWith('item:1')).toSorted()

export async function measure({ fill, list, count, remove }) {
  const removals = []
  for (let turn = 0; turn < 2 * turns; turn++) {
    removals.push(...(await timesNs(1, () => remove('item:1*'))))
    await fill(wanted)
  }
  return {
    columns: {
      list: median(await timesNs(2 * turns, () => list('item:1*'))),
      count: median(await timesNs(2 * turns, () => count('item:1*'))),
      delete: median(removals.slice(turns)),
    },
  }
}

/** Alone on an empty Redis, so that both walk over as many keys. */
async function contender(verbs) {
  await redis.flushall()
  await verbs.fill(names)
  return {
    ...verbs,
    async check() {
      expectEqual((await verbs.list('item:1*')).toSorted(), wanted)
      expectEqual(await verbs.count('item:1*'), wanted.length)
      expectEqual(await verbs.remove('item:1*'), wanted.length)
      expectEqual(await verbs.count('item:*'), names.length - wanted.length)
      await verbs.fill(wanted)
    },
  }
}

/** Batches of names, as SCAN finds them; it may find a name twice. */
async function* scan(pattern) {
  let cursor = '0'
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', `raw:${pattern}`, 'COUNT', 1000)
    if (found.length > 0) yield found
    cursor = next
  } while (cursor !== '0')
}

async function list(pattern) {
  const found = new Set()
  for await (const batch of scan(pattern)) for (const key of batch) found.add(key.slice(4))
  return [...found]
}

async function removeAll(pattern) {
  let removed = 0
  for await (const batch of scan(pattern)) removed += await redis.unlink(batch)
  return removed
}

export const contenders = {
  'SCAN MATCH COUNT 1000, UNLINK': () =>
    contender({
      fill: (some) => redis.mset(some.flatMap((name) => [`raw:${name}`, '1'])),
      list,
      count: async (pattern) => (await list(pattern)).length,
      remove: removeAll,
    }),
  sluice() {
    const cache = createCache({ store: redisStore({ url }) })
    return contender({
      fill: (some) => cache.setMany(some.map((name) => [name, 1])),
      list: (pattern) => cache.keysMatching(pattern),
      count: (pattern) => cache.countMatching(pattern),
      remove: (pattern) => cache.deleteMatching(pattern),
    })
  },
}
