import { execFile } from 'node:child_process'
import { getEventListeners } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startRedis, waitUntil } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { countedLocks } from './counted-locks.ts'

const script = fileURLToPath(new URL('./history/quiet-process.mjs', import.meta.url))

describe('eight seconds after the last waiter there is', () => {
  it('no timer, no subscription, no listener and nothing else left that would keep a process alive', async () => {
    await using server = await startRedis()
    const told = promisify(execFile)(process.execPath, [script, server.url])
    const { admin, locks, timers } = await countedLocks()
    const { signal } = new AbortController()
    await Promise.all(Array.from({ length: 10 }, () => locks.run('a', () => 1, { signal })))
    const channels = async (): Promise<number> => {
      const listed = await admin.pubsub('CHANNELS')
      return Array.isArray(listed) ? listed.length : Number.NaN
    }
    expect(await channels()).toBe(1)
    await waitUntil(async () => (await channels()) === 0, { what: 'the end of listening' })
    expect(timers.size).toBe(0)
    expect(getEventListeners(signal, 'abort')).toEqual([])

    const { before, listened, after } = JSON.parse((await told).stdout)
    expect(listened).toBe(true)
    expect(after).toEqual(before)
  })
})
