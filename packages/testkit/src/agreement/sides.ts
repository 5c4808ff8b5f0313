import { type Store } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import type { Operation, Reply } from '@sluice/core/extend'
import { Redis } from 'ioredis'

/** One of the two engines that must agree, on a clock that the test moves. */
export interface Side {
  run<Args, Result>(operation: Operation<Args, Result>, args: Args): Promise<Result>
}

/** The memory store, and the clock that is the time of both sides. */
export interface MemorySide extends Side {
  nowMs(): number
  advance(ms: number): void
  close(): Promise<void>
}

/** Makes an empty memory store at a fixed time. */
export function memorySide(): MemorySide {
  const clock = manualClock()
  const store: Store = memoryStore({ clock })
  return {
    run: (operation, args) => store.run(operation, args),
    nowMs: () => clock.now(),
    advance: (ms) => clock.advance(ms),
    close: () => store.close(),
  }
}

/** Real Redis whose `TIME` is what the test says, and whose expiries are moved by hand. */
export interface RedisSide extends Side {
  setTime(nowMs: number): Promise<void>
  /** -2 deletes, -1 leaves the key without expiry. */
  setTtl(key: string, ttlMs: number): Promise<void>
  clear(keys: readonly string[]): Promise<void>
  close(): void
}

/** Connects to a Redis; `clockKey` holds the time that scripts are given instead of the server's. */
export function redisSide(url: string, clockKey: string): RedisSide {
  const client = new Redis(url)
  const virtualTime = `redis.call('HMGET', '${clockKey}', 's', 'us')`
  return {
    async run(operation, args) {
      const script = operation.lua.replaceAll("redis.call('TIME')", virtualTime)
      const keys = operation.keys(args)
      const reply = await client.eval(script, keys.length, ...keys, ...operation.argv(args))
      return operation.reply(reply as Reply)
    },
    async setTime(nowMs) {
      await client.hset(clockKey, { s: Math.floor(nowMs / 1000), us: (nowMs % 1000) * 1000 })
    },
    async setTtl(key, ttlMs) {
      if (ttlMs === -2) await client.del(key)
      else if (ttlMs >= 0) await client.pexpire(key, ttlMs)
    },
    async clear(keys) {
      await client.del(clockKey, ...keys)
    },
    close: () => client.disconnect(),
  }
}
