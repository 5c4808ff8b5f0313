import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { startFaultProxy, startPair } from '@sluice/testkit'
import { Redis } from 'ioredis'

/** Keeps what it is given, and answers it. */
export const keep: Operation<{ readonly key: string; readonly value: string }, string> =
  defineOperation({
    name: 'test.keep',
    keys: ({ key }) => [key],
    argv: ({ value }) => [value],
    lua: lua`
      -- KEYS[1] key   ARGV[1] value   replies the value
      redis.call('SET', KEYS[1], ARGV[1], 'PX', 60000)
      return ARGV[1]`,
    memory: (view, [key], [value]) => {
      view.set(key, value, 60_000)
      return value
    },
    reply: (value) => value,
  })

/** A primary and its replica, each with a client of its own, and a proxy before the primary. */
export async function openPair() {
  const pair = await startPair()
  const { primary, replica } = pair
  const toPrimary = await startFaultProxy({ port: primary.port })
  const [direct, copy] = [new Redis(primary.url), new Redis(replica.url)]
  const stop = async (): Promise<void> => {
    for (const client of [direct, copy]) client.disconnect()
    await toPrimary.stop()
    await pair.stop()
  }
  return { ...pair, toPrimary, direct, copy, stop }
}
