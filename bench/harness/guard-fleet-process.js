// One process of the fleet: 250 callers who miss one key at the same time, when told to.
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { fleet } from './guard-fleet.js'
import { expectEqual, object } from './work.js'

const [name, key] = process.argv.slice(2)
const source = new Redis(process.env.BENCH_REDIS_URL)

/** A source that takes 200 ms and counts who asks. */
async function load(wanted) {
  await source.incr(`loads:${wanted}`)
  await sleep(200)
  return object
}

const get = fleet[name](load, 60_000)
// Connections are open, and scripts are known, before the race begins.
await get(`warm:${process.pid}`)

async function race() {
  const values = await Promise.all(Array.from({ length: 250 }, () => get(key)))
  for (const value of values) expectEqual(value, object)
  process.send('done')
}

process.once('message', () => void race())
process.once('disconnect', () => process.exit())
process.send('ready')
