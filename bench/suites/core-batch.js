import KeyvRedis from '@keyv/redis'
import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { createCache as createCacheManager } from 'cache-manager'
import { Redis } from 'ioredis'
import Keyv from 'keyv'
import { besideEach } from '../harness/budgets.js'
import { median, timesNs } from '../harness/timing.js'
import { expectEqual, keys, object } from '../harness/work.js'

export const title = 'Batches of 10 and of 100 keys on Redis, 1 kB each, one batch after the other'
export const unit = 'ns a batch'
export const floor = 'ioredis, JSON'
export const columns = {
  'get 10': 'ns',
  'get 100': 'ns',
  'set 10': 'ns',
  'set 100': 'ns',
  'delete 10': 'ns',
  'delete 100': 'ns',
}
export const note =
  'The floor sends MGET, a pipeline of SET, and DEL. Every contender makes JSON of values and values of JSON, and none has a ttl.'
export const budgets = besideEach('sluice', ['ioredis, JSON'], { atLeast: 0.9, column: 'get 100' })

const url = process.env.BENCH_REDIS_URL
const turns = 60

/** Each turn sets, gets and deletes the same keys. */
export async function measure({ set, get, remove }) {
  const measured = {}
  for (const size of [10, 100]) {
    const batch = keys.slice(0, size)
    const times = { get: [], set: [], delete: [] }
    for (let turn = 0; turn < 2 * turns; turn++) {
      const [setNs] = await timesNs(1, () => set(batch))
      const [getNs] = await timesNs(1, () => get(batch))
      const [deleteNs] = await timesNs(1, () => remove(batch))
      if (turn < turns) continue
      times.set.push(setNs)
      times.get.push(getNs)
      times.delete.push(deleteNs)
    }
    for (const [verb, ns] of Object.entries(times)) measured[`${verb} ${size}`] = median(ns)
  }
  return { columns: measured }
}

/** `get` resolves to the values in the order of the keys, `undefined` where there is none. */
function contender(verbs) {
  const batch = keys.slice(0, 100)
  const expectEach = async (value) =>
    expectEqual(
      await verbs.get(batch),
      batch.map(() => value),
    )
  return {
    ...verbs,
    async check() {
      await verbs.set(batch)
      await expectEach(object)
      await verbs.remove(batch)
      await expectEach(undefined)
    },
  }
}

function raw() {
  const redis = new Redis(url)
  const named = (batch) => batch.map((key) => `raw:${key}`)
  return contender({
    async get(batch) {
      const texts = await redis.mget(named(batch))
      return texts.map((text) => (text === null ? undefined : JSON.parse(text)))
    },
    set(batch) {
      const pipeline = redis.pipeline()
      for (const key of named(batch)) pipeline.set(key, JSON.stringify(object))
      return pipeline.exec()
    },
    remove: (batch) => redis.del(named(batch)),
  })
}

function sluice() {
  const cache = createCache({ store: redisStore({ url }) })
  return contender({
    async get(batch) {
      const values = await cache.getMany(batch)
      return batch.map((key) => values.get(key))
    },
    set: (batch) => cache.setMany(batch.map((key) => [key, object])),
    remove: (batch) => cache.deleteMany(batch),
  })
}

const entriesOf = (batch) => batch.map((key) => ({ key, value: object }))

function keyv() {
  const cache = new Keyv(new KeyvRedis(url))
  return contender({
    get: (batch) => cache.get(batch),
    set: (batch) => cache.setMany(entriesOf(batch)),
    remove: (batch) => cache.deleteMany(batch),
  })
}

function cacheManager() {
  const cache = createCacheManager({ stores: [new Keyv(new KeyvRedis(url))] })
  return contender({
    get: (batch) => cache.mget(batch),
    set: (batch) => cache.mset(entriesOf(batch)),
    remove: (batch) => cache.mdel(batch),
  })
}

export const contenders = {
  'ioredis, JSON': async () => raw(),
  sluice: async () => sluice(),
  keyv: async () => keyv(),
  'cache-manager': async () => cacheManager(),
}
