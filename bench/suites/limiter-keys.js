import { Redis } from 'ioredis'
import { redisCache, url } from '../harness/limiter.js'
import { expectEqual } from '../harness/work.js'
import { createRateLimiter } from '@sluice/rate-limiter'

export const title = 'A decision on Redis that holds so many keys, 64 at a time'
export const unit = 'ns a decision'
export const floor = 'sluice, 1 key'
export const slice = 3200

/** Keys in an order that no cache of the processor foresees. */
const spread = (at, count) => (at * 611_953) % count

/** Writes the state that `first` has under the other names, where it is not there from another round. */
const fill = `
  -- KEYS[1] state of key 0   ARGV[1] what its name begins with   ARGV[2] ends with   ARGV[3] first, ARGV[4] last key to write
  local state, ttl = redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])
  for at = ARGV[3], ARGV[4] do
    local name = ARGV[1] .. string.format('%.0f', at) .. ARGV[2]
    redis.call('SET', name, state, 'PX', ttl, 'NX')
  end`

/** @param mark stands in every name where the number of the key does */
async function fillUp(count, pattern, mark) {
  const redis = new Redis(url)
  const [first] = await redis.keys(pattern)
  const [head, tail] = first.split(mark)
  const before = mark.slice(0, mark.indexOf('0'))
  const after = mark.slice(mark.indexOf('0') + 1)
  for (let at = 1; at < count; at += 10_000) {
    const last = Math.min(at + 9999, count - 1)
    await redis.eval(fill, 1, first, head + before, after + tail, at, last)
  }
  redis.disconnect()
}

function parallelOver(count, operation) {
  let next = 0
  return async (n) => {
    for (let at = 0; at < n; at += 64) {
      await Promise.all(Array.from({ length: 64 }, () => operation(`k${spread(next++, count)}`)))
    }
  }
}

async function sluice(count) {
  const cache = redisCache(`many${count}`)
  const limiter = createRateLimiter({ cache, limit: 1_000_000, window: '1d', deadline: '10s' })
  const consume = (key) => limiter.consume(key)
  await consume('k0')
  await fillUp(count, `many${count}#limit:{k0}*`, '{k0}')
  const check = async () => {
    const { remaining } = await limiter.peek(`k${count - 1}`)
    expectEqual(remaining < 1_000_000, true)
  }
  return { run: parallelOver(count, consume), check }
}

async function increments(count) {
  const redis = new Redis(url)
  await redis.set(`incr${count}:k0:`, 1, 'PX', 3_600_000)
  await fillUp(count, `incr${count}:k0:`, 'k0')
  const incr = (key) => redis.incr(`incr${count}:${key}:`)
  return {
    run: parallelOver(count, incr),
    check: async () => expectEqual((await incr(`k${count - 1}`)) > 1, true),
  }
}

export const contenders = {
  'sluice, 1 key': () => sluice(1),
  'sluice, 1 000 keys': () => sluice(1000),
  'sluice, 1 000 000 keys': () => sluice(1_000_000),
  'ioredis INCR, 1 key': () => increments(1),
  'ioredis INCR, 1 000 000 keys': () => increments(1_000_000),
}
