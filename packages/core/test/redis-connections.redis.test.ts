import { setTimeout as sleep } from 'node:timers/promises'
import { StoreUnavailableError, type Store } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { startRedis, waitUntil, type RedisServer } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startStallingProxy } from './stalling-proxy.ts'

let server: RedisServer
let admin: Redis
const cleanups: (() => Promise<unknown>)[] = []
beforeEach(async () => {
  server = await startRedis()
  admin = new Redis(server.url)
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
  admin.disconnect()
  await server.stop()
})

function open(port: number, connections: number): Store {
  const store = redisStore({ port, connections, commandTimeout: 200 })
  cleanups.push(() => store.close())
  return store
}

/** The connections of others than the admin, as the server lists them. */
async function connectionLines(): Promise<readonly string[]> {
  const own = await admin.client('ID')
  const lines = String(await admin.client('LIST'))
    .trim()
    .split('\n')
  return lines.filter((line) => !line.startsWith(`id=${own} `))
}

async function get40(store: Store): Promise<{ answered: number; failed: readonly string[] }> {
  const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => store.get('key')))
  const failures = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  return {
    answered: outcomes.length - failures.length,
    failed: failures.map((error) => (error instanceof StoreUnavailableError ? error.reason : '?')),
  }
}

it('commands are spread over as many connections as asked for, and close ends them all', async () => {
  const store = open(server.port, 4)
  expect(await connectionLines()).toHaveLength(0)
  await store.set('key', '1')
  await waitUntil(async () => (await connectionLines()).length === 4, { what: 'four connections' })
  for (let at = 0; at < 8; at++) await store.get('key')
  const lines = await connectionLines()
  expect(lines).toHaveLength(4)
  expect(lines.filter((line) => line.includes('cmd=get'))).toHaveLength(4)
  await store.close()
  await waitUntil(async () => (await connectionLines()).length === 0, {
    what: 'no connection left',
  })
})

it('one connection is the default, however many calls run', async () => {
  const store = open(server.port, 1)
  await get40(store)
  expect(await connectionLines()).toHaveLength(1)
})

it('a connection that is silent stops no call but its own, and is replaced', async () => {
  const proxy = await startStallingProxy(server.port)
  cleanups.push(() => proxy.stop())
  const store = open(proxy.port, 4)
  await store.set('key', '1')
  await waitUntil(async () => (await connectionLines()).length === 4, { what: 'four connections' })
  proxy.stallFirst()
  const { answered, failed } = await get40(store)
  expect(answered).toBe(30)
  expect(new Set(failed)).toEqual(new Set(['timeout']))
  const startedMs = performance.now()
  await waitUntil(async () => (await get40(store)).answered === 40, { what: 'all calls answered' })
  console.log(
    `a silent connection of four is out of use after ${(performance.now() - startedMs).toFixed(0)} ms`,
  )
})

it('a connection that is lost sends its calls to the others', async () => {
  const store = open(server.port, 3)
  await store.set('key', '1')
  await waitUntil(async () => (await connectionLines()).length === 3, { what: 'three connections' })
  const [line] = await connectionLines()
  await admin.client('KILL', 'ID', Number(/id=(\d+)/.exec(line ?? '')?.[1]))
  await sleep(20)
  expect(await get40(store)).toEqual({ answered: 40, failed: [] })
})

it.each([0, 1.5, '4'])('%j connections are refused', (connections) => {
  expect(() => redisStore({ connections: connections as number })).toThrow(
    /Expected "connections" to be a whole number of at least 1/,
  )
})
