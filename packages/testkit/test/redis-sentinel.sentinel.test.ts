import { sentinelOptions, startSentinel, uniquePrefix, waitUntil } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'

it('the shared sentinels lead to a primary that takes writes', async () => {
  const client = new Redis(sentinelOptions())
  onTestFinished(() => client.disconnect())
  const key = `${uniquePrefix('testkit')}:a`
  await client.set(key, '1', 'PX', 60_000)
  expect(await client.get(key)).toBe('1')
  expect(await client.wait(1, 5000)).toBe(1)
})

it('a killed primary is replaced by its replica, with the data', async () => {
  await using set = await startSentinel()
  const client = new Redis({
    name: set.name,
    sentinels: [...set.sentinels],
    sentinelRetryStrategy: () => 50,
    retryStrategy: () => 50,
  })
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  await client.set('a', '1')
  expect(await client.wait(1, 5000)).toBe(1)
  const portInUse = async (): Promise<string | undefined> =>
    /tcp_port:(\d+)/.exec(await client.info('server'))?.[1]
  expect(await portInUse()).toBe(String(set.primary.port))

  await set.primary.kill()
  const isReplaced = async (): Promise<boolean> =>
    (await portInUse().catch(() => undefined)) === String(set.replica.port)
  await waitUntil(isReplaced, { what: 'the failover' })
  await client.set('b', '2')
  expect(await client.mget('a', 'b')).toEqual(['1', '2'])
}, 60_000)
