import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { nearStore } from '@sluice/core/near'
import { redisStore } from '@sluice/core/redis'
import { startRedis, waitUntil } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { listening } from './near-subject.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

describe('the connections of a near store', () => {
  it('are one to the server for each prefix, and none after close', async () => {
    await using server = await startRedis()
    const admin = new Redis(server.url)
    cleanups.push(() => admin.disconnect())
    const near = nearStore(redisStore({ url: server.url }))
    await listening(near, 'p')
    await listening(near, 'q')
    const others = async (): Promise<number> =>
      String(await admin.client('LIST'))
        .trim()
        .split('\n').length - 1
    expect(await others()).toBe(3)
    await near.close()
    await waitUntil(async () => (await others()) === 0, { what: 'the connections to end' })
  })

  it('leave with the near store on a client of the application, which stays', async () => {
    await using server = await startRedis()
    const client = new Redis(server.url)
    cleanups.push(() => client.disconnect())
    const events = ['ready', 'close', 'end', '+node', '-node', 'refresh', 'error']
    const listeners = (): number[] => events.map((event) => client.listenerCount(event))
    const before = listeners()
    const near = nearStore(redisStore(client))
    await listening(near, 'p')
    await near.close()
    expect(listeners()).toEqual(before)
    const connected = async (): Promise<number> =>
      String(await client.client('LIST'))
        .trim()
        .split('\n').length
    await waitUntil(async () => (await connected()) === 1, { what: 'the link to end' })
    expect(await client.ping()).toBe('PONG')
  })

  it('keep no process alive: not once closed, and not when the data client has ended', async () => {
    await using server = await startRedis()
    const fixture = fileURLToPath(new URL('./fixtures/near-process.mjs', import.meta.url))
    for (const how of ['close', 'quit', 'away']) {
      const process_ = spawn(process.execPath, [fixture, server.url, how], {
        stdio: ['ignore', 'inherit', 'inherit'],
      })
      cleanups.push(() => process_.kill('SIGKILL'))
      const startedAtMs = performance.now()
      expect(await Promise.race([once(process_, 'exit'), sleep(8000, ['still alive'])])).toEqual([
        0,
        null,
      ])
      console.info(
        `${how}: the process ended after ${Math.round(performance.now() - startedAtMs)} ms`,
      )
    }
  })
})
