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
import { startRedis } from './redis.js'

export const ttlMs = 3000
const faultMs = 300
const name = 'told'

/** After so long we look away: who is not told by then never is, for all we know. */
const patienceMs = 20_000

/**
 * The libraries, each holding a lock in the way that its documents give for work that may last longer than the ttl. Resolves
 * once the lock is held; `told` is called when the library says that it is lost.
 */
export const holders = {
  async sluice(url, told) {
    const locks = createLocks({ cache: createCache({ store: redisStore({ url }) }), ttl: ttlMs })
    const lock = await locks.acquire(name)
    lock.signal.addEventListener('abort', told)
  },
  redlock: (url, told) => using(Redlock, url, told),
  '@sesamecare-oss/redlock': (url, told) => using(SesameRedlock.Redlock, url, told),
  async 'redis-semaphore'(url, told) {
    const options = { lockTimeout: ttlMs, onLockLost: told }
    await new Mutex(new Redis(url), name, options).acquire()
  },
  async verrou(url) {
    const driver = verrouStore({ connection: new Redis(url) })
    const verrou = new Verrou({ default: 'redis', stores: { redis: { driver } } })
    await verrou.createLock(name, ttlMs).acquire()
  },
}

function using(Library, url, told) {
  const redlock = new Library([new Redis(url)])
  return new Promise((held, failed) => {
    const work = (signal) =>
      new Promise(() => {
        signal.addEventListener('abort', told)
        held()
      })
    redlock.using([name], ttlMs, work).catch(failed)
  })
}

/** Ms from asking for the lock to being told that it is lost, when `fault` befalls its Redis, which ends with this process. */
export async function toldAfter(hold, fault) {
  const server = await startRedis()
  const redis = new Redis(server.url)
  await redis.ping()
  const startedAt = performance.now()
  let toldAtMs = patienceMs
  const isTold = new Promise((resolve) => {
    const told = () => {
      toldAtMs = Math.min(toldAtMs, performance.now() - startedAt)
      resolve()
    }
    void hold(server.url, told).then(async () => {
      await sleep(startedAt + faultMs - performance.now())
      await fault(redis, server, hold)
    })
  })
  await Promise.race([isTold, sleep(patienceMs)])
  return toldAtMs
}

/** Somebody removes what the lock is in Redis, and takes it. */
export async function steal(redis, { url }, hold) {
  await redis.del(await redis.keys(`*${name}*`))
  await hold(url, () => {})
}

/** Redis answers nothing for four times the ttl, then goes on. */
export async function freeze(redis) {
  const pid = Number(/^process_id:(\d+)/m.exec(await redis.info('server'))[1])
  process.kill(pid, 'SIGSTOP')
  await sleep(4 * ttlMs)
  process.kill(pid, 'SIGCONT')
}
