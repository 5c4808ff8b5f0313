import { traceNames } from '@sluice/core'
import { LockBusyError } from '@sluice/distributed-lock'
import { listedChannels, listen, toldChannels } from '@sluice/testkit'
import { expect, it } from 'vitest'
import { fixture } from './fixture.ts'

const names = traceNames().filter((name) => name.startsWith('sluice:distributed-lock:'))

it('the channels are those that the guide lists, with the messages and results that it lists', async () => {
  using listening = listen(names)
  const { locks, cache } = fixture()
  const lock = await locks.acquire('job')
  await locks.tryAcquire('job')
  await lock.extend()
  await lock.release()
  const lost = await locks.acquire('lost')
  await cache.store.delete([cache.stateKey('lock', 'lost')])
  await expect(lost.extend()).rejects.toThrow('lost')
  const gone = await locks.acquire('gone')
  await cache.store.delete([cache.stateKey('lock', 'gone')])
  await gone.release()
  expect(toldChannels(listening.told)).toEqual(listedChannels('distributed-lock'))
  expect(Object.keys(listedChannels('distributed-lock')).toSorted()).toEqual(names.toSorted())
})

it('a lock is told of once, however it is asked for and however often', async () => {
  using listening = listen(names)
  const { locks } = fixture()
  await locks.run('job', () => 'done')
  await locks.tryRun('job', () => 'done')
  const held = await locks.acquire('job')
  await expect(locks.acquire('job', { wait: 0 })).rejects.toThrow(LockBusyError)
  await Promise.all([held.release(), held.release()])
  const told = listening.told.map(({ channel, message }) => [
    channel.replace('sluice:distributed-lock:', ''),
    message['result'],
  ])
  expect(told).toEqual([
    ['acquire', 'acquired'],
    ['release', 'released'],
    ['acquire', 'acquired'],
    ['release', 'released'],
    ['acquire', 'acquired'],
    ['acquire', undefined],
    ['release', 'released'],
  ])
  const keys = listening.told.map(({ message }) => message['key'])
  expect(JSON.stringify(keys)).not.toContain('job')
})

it('renewals in the background are told of', async () => {
  using listening = listen(['sluice:distributed-lock:extend'])
  const { locks, time } = fixture()
  const lock = await locks.acquire('job', { ttl: '9s' })
  await time.advance(3001)
  await time.advance(3001)
  await lock.release()
  expect(listening.told.map(({ message }) => message['result'])).toEqual(['kept', 'kept'])
})
