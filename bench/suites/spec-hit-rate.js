import { setTimeout as sleep } from 'node:timers/promises'
import { createGuard } from '@sluice/stampede-guard'
import { atPace } from '../harness/pace.js'
import { onRedis, value } from '../harness/spec-setting.js'
import { expectEqual, keys } from '../harness/work.js'

export const title =
  "The spec's hit rates: 1,000 requests/s for four seconds, a source that takes 50 ms, a cache on Redis"
export const unit = 'requests/s, queries/s, %, ms'
export const floor = '0 %, no cache'
export const columns = {
  'requests/s': '/s',
  'queries/s': '/s',
  'lookups/s': '/s',
  'load taken off': '%',
  mean: 'ms',
  p99: 'ms',
  'source time': 's a second',
  'late, p99': 'ms',
}
export const note =
  'A timer of the same process starts the requests, whether or not earlier ones have ended; a request counts from when it was due, and "late" says how far the timer was behind. Hits are of a thousand keys that were read before, misses of keys that nobody has read; all go through createGuard, which loads what is missing. Budgets: the load that the spec says is taken off, and its 80 % less time at a hit rate of 90 %.'

const perSecond = 1000
const seconds = 4
const sourceMs = 50

export const budgets = [
  ...[50, 80, 90, 95].map((rate) => ({
    contender: `${rate} %`,
    atLeast: rate,
    column: 'load taken off',
  })),
  { contender: '90 %', atMost: 0.2 * sourceMs, column: 'mean' },
  ...['0 %, no cache', '50 %', '80 %', '90 %', '95 %'].map((contender) => ({
    contender,
    // The last of them, at four seconds, may wait for the source.
    atLeast: 0.98 * perSecond,
    column: 'requests/s',
  })),
]

let queries = 0

/** A source that answers each query after 50 ms. */
async function query() {
  queries++
  await sleep(sourceMs)
  return value
}

export async function measure({ read, hitRate, lookups }) {
  queries = 0
  const lookupsBefore = lookups()
  // Twenty requests hold each rate exactly; hits and misses are mixed.
  const keyOf = (at) =>
    (7 * at) % 20 < hitRate / 5 ? keys[at % keys.length] : `fresh:${process.pid}:${at}`
  const { tookMs, lateMs, elapsedMs } = await atPace(perSecond, seconds, async (at) => {
    if ((await read(keyOf(at)))?.text !== value.text) throw new Error('a wrong answer')
  })
  const answered = tookMs.length
  return {
    columns: {
      'requests/s': (1000 * answered) / elapsedMs,
      'queries/s': queries / seconds,
      'lookups/s': (lookups() - lookupsBefore) / seconds,
      'load taken off': 100 * (1 - queries / answered),
      mean: tookMs.reduce((sum, ms) => sum + ms, 0) / answered,
      p99: percentile99(tookMs),
      'source time': (queries * sourceMs) / 1000 / seconds,
      'late, p99': percentile99(lateMs),
    },
  }
}

function percentile99(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(0.99 * values.length)]
}

async function guarded(hitRate) {
  const cache = onRedis()
  const guard = createGuard({ cache, ttl: '1h' })
  const read = (key) => guard.get(key, query)
  await Promise.all(keys.map(read))
  const check = async () => {
    queries = 0
    expectEqual(await read(keys[7]), value)
    expectEqual(queries, 0)
  }
  const lookups = () => {
    const { hits, misses } = cache.stats()
    return hits + misses
  }
  return { read, hitRate, lookups, check }
}

export const contenders = {
  '0 %, no cache': async () => ({ read: query, hitRate: 0, lookups: () => 0 }),
  '50 %': () => guarded(50),
  '80 %': () => guarded(80),
  '90 %': () => guarded(90),
  '95 %': () => guarded(95),
}
