import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import SesameRedlock from '@sesamecare-oss/redlock'
import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { createLocks } from '@sluice/distributed-lock'
import { Verrou } from '@verrou/core'
import { redisStore as verrouStore } from '@verrou/core/drivers/redis'
import { Redis } from 'ioredis'
import Redlock from 'redlock'
import { Mutex } from 'redis-semaphore'
import { expectEqual } from './work.js'

export const url = process.env.BENCH_REDIS_URL
const ttlMs = 10_000

/**
 * The libraries, each as its documents set it up on a connection of its own. `acquire(name)` waits for as long as it takes
 * and resolves to the function that gives the lock back.
 */
export const libraries = {
  sluice() {
    const locks = createLocks({ cache: createCache({ store: redisStore({ url }) }), ttl: ttlMs })
    return async (name) => {
      const lock = await locks.acquire(name, { wait: Infinity })
      return async () => expectEqual(await lock.release(), 'released')
    }
  },
  redlock: (options) => redlock(Redlock, options),
  '@sesamecare-oss/redlock': (options) => redlock(SesameRedlock.Redlock, options),
  'redis-semaphore'(options) {
    const redis = new Redis(url, options)
    return async (name) => {
      const mutex = new Mutex(redis, name, { lockTimeout: ttlMs, acquireTimeout: Infinity })
      await mutex.acquire()
      return () => mutex.release()
    }
  },
  verrou(options) {
    const driver = verrouStore({ connection: new Redis(url, options) })
    const verrou = new Verrou({ default: 'redis', stores: { redis: { driver } } })
    return async (name) => {
      const lock = verrou.createLock(name, ttlMs)
      expectEqual(await lock.acquire(), true)
      return () => lock.release()
    }
  },
}

/** Without a limit of attempts, as nearly all of 50 waiters would give up with the default of ten. */
function redlock(Library, options) {
  const instance = new Library([new Redis(url, options)], { retryCount: -1 })
  return async (name) => {
    const lock = await instance.acquire([name], ttlMs)
    return () => lock.release()
  }
}

/** What all of them come to when nobody else wants the lock: SET NX PX, and a script that deletes what is ours. */
export function bareLock(options) {
  const redis = new Redis(url, options)
  const script = `return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1])`
  const sha = createHash('sha1').update(script).digest('hex')
  const loaded = redis.script('LOAD', script)
  return async (name) => {
    await loaded
    const key = `bare:${name}`
    const token = randomUUID()
    while ((await redis.set(key, token, 'PX', ttlMs, 'NX')) !== 'OK') await sleep(10)
    return async () => expectEqual(await redis.evalsha(sha, 1, key, token), 1)
  }
}

/** Fails unless five that want one lock at the same time hold it one after the other, and all of them do. */
export async function checkExclusion(connect) {
  const name = `check:${randomUUID()}`
  const log = []
  const take = async () => {
    const giveBack = await connect()(name)
    log.push('in')
    await sleep(5)
    log.push('out')
    await giveBack()
  }
  await Promise.all(Array.from({ length: 5 }, take))
  expectEqual(log.join(), Array(5).fill('in,out').join())
}
