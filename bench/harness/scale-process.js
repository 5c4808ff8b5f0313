// One of several processes on one Redis: says how many gets of a 1 kB object, or decisions, it does in a second, 64 at a time.
import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { ample, redisLimiter, url } from './limiter.js'
import { perSecond } from './timing.js'
import { expectEqual, keys, object, parallel } from './work.js'

const cache = createCache({ store: redisStore({ url }) })
const limiter = redisLimiter(ample)
for (const key of keys) await cache.set(key, object)
expectEqual(await cache.get(keys[7]), object)

const work = {
  gets: (key) => cache.get(key),
  decisions: (key) => limiter.consume(key),
}

async function tell(name) {
  process.send(await perSecond(parallel(64, work[name]), 640))
}

process.on('message', (name) => void tell(name))
process.once('disconnect', () => process.exit())
process.send('ready')
