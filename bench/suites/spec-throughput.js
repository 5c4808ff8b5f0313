import { cpus } from 'node:os'
import { inMemory, onRedis, value } from '../harness/spec-setting.js'
import { perSecond } from '../harness/timing.js'
import { expectEqual, keys } from '../harness/work.js'

export const title = `The spec's throughput table: gets of 1 kB in one process, on ${cpus().length} cores`
export const unit = 'ops/s'
export const higher = true
export const floor = 'one caller, Redis'
export const note =
  "The budgets are the numbers of the spec, which were taken on a MacBook Pro M1. The spec's threads are callers here, each of which waits for an answer before it asks again: one caller waits for one round trip after the other, however many connections the pool has."
export const budgets = Object.entries({
  'one caller, in memory': 100_000,
  'one caller, Redis': 10_000,
  'one caller, Redis, pool of 20': 50_000,
  'ten callers, in memory': 500_000,
  'ten callers, Redis, pool of 20': 100_000,
}).map(([contender, atLeast]) => ({ contender, atLeast }))

export const measure = async ({ run }) => ({ value: await perSecond(run, 2000) })

/** So many callers, each of which goes through the keys in turn. */
async function contender(callers, cache) {
  await cache.setMany(keys.map((key) => [key, value]))
  const call = async (times, from) => {
    for (let at = 0; at < times; at++) await cache.get(keys[(from + at) % keys.length])
  }
  return {
    run: (n) =>
      Promise.all(Array.from({ length: callers }, (_, by) => call(n / callers, by * 100))),
    check: async () => expectEqual(await cache.get(keys[7]), value),
  }
}

const pool = () => onRedis({ connections: 20 })

export const contenders = {
  'one caller, in memory': () => contender(1, inMemory()),
  'one caller, Redis': () => contender(1, onRedis()),
  'one caller, Redis, pool of 20': () => contender(1, pool()),
  'ten callers, in memory': () => contender(10, inMemory()),
  'ten callers, in memory, frozen': () => contender(10, inMemory({ values: 'frozen' })),
  'ten callers, Redis': () => contender(10, onRedis()),
  'ten callers, Redis, pool of 20': () => contender(10, pool()),
  '64 callers, Redis': () => contender(64, onRedis()),
  '64 callers, Redis, pool of 20': () => contender(64, pool()),
}
