// Locks with one well-known mistake each: the checker must find it.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

const deleteOwn = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`

/** `kind`: 'set-without-nx', 'delete-without-compare', 'no-deadline', or 'sound' for one without a mistake. */
export function createBrokenLocks({ kind, redis, prefix, ttl }) {
  const client = new Redis(redis.url)
  const exclusive = kind === 'set-without-nx' ? [] : ['NX']
  return {
    async acquire(lock) {
      const [key, token] = [`${prefix}:${lock}`, randomUUID()]
      for (;;) {
        const startedMs = performance.now()
        const reply = await client.set(key, token, 'PX', ttl, ...exclusive)
        if (reply === 'OK')
          return hold(client, { kind, key, token, deadlineMs: startedMs + ttl * 0.9 })
        await sleep(3)
      }
    },
  }
}

async function hold(client, { kind, key, token, deadlineMs }) {
  const fence = await client.incr(`${key}:fence`)
  return {
    fence,
    signal: new AbortController().signal,
    get remainingMs() {
      return kind === 'no-deadline' ? Infinity : Math.max(0, deadlineMs - performance.now())
    },
    async release() {
      if (kind === 'delete-without-compare') await client.del(key)
      else await client.eval(deleteOwn, 1, key, token)
      return 'released'
    },
  }
}
