import { createCache, StoreUnavailableError, traceNames } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { flakyStore, manualFaults } from '@sluice/core/testing'
import { createRateLimiter } from '@sluice/rate-limiter'
import { listedChannels, listen, toldChannels } from '@sluice/testkit'
import { expect, it } from 'vitest'

const names = traceNames().filter((name) => name.startsWith('sluice:rate-limiter:'))

function setUp() {
  const faults = manualFaults()
  const cache = createCache({ store: flakyStore(memoryStore(), faults) })
  return { cache, faults }
}

it('the channels are those that the guide lists, with the messages and results that it lists', async () => {
  using listening = listen(names)
  const limiter = createRateLimiter({ cache: createCache(), limit: 1, window: '1m' })
  await limiter.peek('ada')
  await limiter.consume('ada')
  await limiter.refund('ada')
  await limiter.penalize('ada')
  await limiter.block('ada', '1s')
  await limiter.reset('ada')
  expect(toldChannels(listening.told)).toEqual(listedChannels('rate-limiter'))
  expect(Object.keys(listedChannels('rate-limiter')).toSorted()).toEqual(names.toSorted())
})

it('a question is told of once, with who decided, whatever became of the store', async () => {
  using listening = listen(traceNames())
  const { cache, faults } = setUp()
  // No hex digits: what is told of holds a hash, which may spell anything of a to f.
  const limiter = createRateLimiter({ cache, name: 'told', limit: 1, window: '1m' })
  await limiter.consume('quinn', { cost: 1 })
  await limiter.consume('quinn')
  faults.fail()
  await limiter.consume('quinn')
  expect(listening.told.map(({ channel }) => channel)).toEqual([...Array(3)].map(() => names[0]))
  expect(listening.told.map(({ message }) => message['result'])).toEqual([
    { allowed: true, source: 'store' },
    { allowed: false, source: 'store' },
    { allowed: true, source: 'local' },
  ])
  expect(listening.told[0]?.message).toMatchObject({ cost: 1 })
  expect(JSON.stringify(listening.told)).not.toContain('quinn')
})

it('a store failure that the policy passes on is told of as an error', async () => {
  using listening = listen(names)
  const { cache, faults } = setUp()
  const limiter = createRateLimiter({ cache, limit: 1, window: '1m', onStoreError: 'closed' })
  faults.fail()
  await expect(limiter.consume('ada')).rejects.toThrow(StoreUnavailableError)
  expect(listening.told[0]?.events).toContain('error')
})
