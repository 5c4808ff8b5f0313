import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { inMemory, onRedis, value } from '../harness/spec-setting.js'
import { median, timesNs } from '../harness/timing.js'
import { expectEqual, keys } from '../harness/work.js'

export const title = "The spec's latency table: values of 1 kB, one call after the other, p50"
export const unit = 'ms'
export const floor = 'Redis, local'
export const note =
  'The budgets are the numbers of the spec, which were taken on a MacBook Pro M1. The network is a proxy in a process of its own that holds back what goes either way for 2 ms at least. A ping shows what a round trip takes. The pattern matches 10 of 1,000 keys, which may share the Redis with others.'

const ten = keys.slice(0, 10)
const entries = ten.map((key) => [key, value])

/** What is timed, of a call's number. */
const operations = {
  ping: (cache) => cache.ping(),
  get: (cache, at) => cache.get(keys[at]),
  set: (cache, at) => cache.set(keys[at], value),
  delete: (cache, at) => cache.delete(`gone:${at}`),
  increment: (cache) => cache.increment('count'),
  'get 10': (cache) => cache.getMany(ten),
  'set 10': (cache) => cache.setMany(entries),
  pattern: (cache) => cache.keysMatching('user:99?'),
}

export const columns = Object.fromEntries(Object.keys(operations).map((name) => [name, 'ms']))

/** The spec's rows, in ms; where it gives a range, the end of it. */
const limits = {
  'in memory': [1, 1, 1, 1, 1, 1, 2],
  'Redis, local': [2, 2, 2, 2, 5, 8, 10],
  'Redis, network of 2 ms': [10, 10, 10, 10, 20, 30, 50],
}
export const budgets = Object.entries(limits).flatMap(([contender, row]) =>
  row.map((atMost, at) => ({ contender, atMost, column: Object.keys(columns)[at + 1] })),
)

const warmUps = 20
const count = 60

export async function measure({ cache }) {
  const ms = {}
  for (const [name, operation] of Object.entries(operations)) {
    const times = await timesNs(warmUps + count, (at) => operation(cache, at))
    ms[name] = median(times.slice(warmUps)) / 1e6
  }
  return { columns: ms }
}

async function contender(cache) {
  await cache.setMany(keys.map((key) => [key, value]))
  const gone = Array.from({ length: warmUps + count }, (_, at) => [`gone:${at}`, value])
  const check = async () => {
    expectEqual(await cache.get(keys[7]), value)
    expectEqual([...(await cache.getMany(ten))], entries)
    expectEqual((await cache.keysMatching('user:99?')).length, ten.length)
    await cache.setMany(gone)
    expectEqual(await cache.delete('gone:0'), true)
  }
  return { cache, check }
}

/** A Redis that is 2 ms away in either direction. */
async function far() {
  const program = fileURLToPath(new URL('../harness/delay-proxy.js', import.meta.url))
  const proxy = fork(program, [process.env.BENCH_REDIS_URL, '2'])
  const [port] = await once(proxy, 'message')
  return onRedis({ url: `redis://127.0.0.1:${port}` })
}

export const contenders = {
  'in memory': () => contender(inMemory()),
  'Redis, local': () => contender(onRedis()),
  'Redis, network of 2 ms': async () => contender(await far()),
}
