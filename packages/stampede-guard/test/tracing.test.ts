import { traceNames } from '@sluice/core'
import { listedChannels, listen, toldChannels } from '@sluice/testkit'
import { expect, it } from 'vitest'
import { createBench, turns } from './fixtures.ts'

const names = traceNames().filter((name) => name.startsWith('sluice:stampede-guard:'))

it('the channels are those that the guide lists, with the messages and results that it lists', async () => {
  using listening = listen(names)
  const { guard } = createBench()
  await guard.get('a', () => 1)
  await guard.delete('a')
  await guard.set('a', 2)
  expect(toldChannels(listening.told)).toEqual(listedChannels('stampede-guard'))
  expect(Object.keys(listedChannels('stampede-guard')).toSorted()).toEqual(names.toSorted())
})

it('each call is told of, and one load for all of them', async () => {
  using listening = listen(names)
  const { guard } = createBench()
  const load = guard.wrap(async (id: string) => id, { key: (id) => `user:${id}` })
  await Promise.all([load('quinn'), load('quinn'), guard.get('user:quinn', () => 'other')])
  const told = listening.told.map(({ channel }) => channel.replace('sluice:stampede-guard:', ''))
  expect(told.toSorted()).toEqual(['get', 'get', 'get', 'load'])
  expect(JSON.stringify(listening.told)).not.toContain('quinn')
})

it('a load that fails is an error of the load and of all who waited', async () => {
  using listening = listen(names)
  const { guard } = createBench()
  const fail = async (): Promise<never> => {
    throw new Error('no database')
  }
  await Promise.allSettled([guard.get('a', fail), guard.get('a', fail)])
  expect(listening.told.map(({ events }) => events.includes('error'))).toEqual([true, true, true])
})

it('a load says whether somebody waits for it or it is a refresh', async () => {
  using listening = listen(['sluice:stampede-guard:load'])
  const { guard, clock } = createBench({ random: () => 1 - Number.EPSILON })
  await guard.get('a', () => {
    clock.advance(1000)
    return 1
  })
  clock.advance(59_000)
  await guard.get('a', () => 2)
  await turns()
  expect(listening.told.map(({ message }) => message['why'])).toEqual(['miss', 'refresh'])
})
