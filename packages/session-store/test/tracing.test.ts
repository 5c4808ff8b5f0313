import { createCache, StoreUnavailableError, traceNames } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { flakyStore, manualFaults } from '@sluice/core/testing'
import { createSessions } from '@sluice/session-store'
import { listedChannels, listen, toldChannels } from '@sluice/testkit'
import { expect, it } from 'vitest'

const names = traceNames().filter((name) => name.startsWith('sluice:session-store:'))

it('the channels are those that the guide lists, with the messages and results that it lists', async () => {
  using listening = listen(names)
  const sessions = createSessions<{ cart: string }>({ cache: createCache(), rotationGrace: 0 })
  const { token, session } = await sessions.create({ userId: 'ada' })
  await sessions.load(token)
  await sessions.commit(session, { cart: 'tea' })
  const next = await sessions.rotate(token)
  await sessions.load(token)
  await sessions.rotate(token)
  await sessions.list('ada')
  await sessions.destroy(session.id)
  await sessions.destroy(session.id)
  await sessions.commit(session, { cart: 'tea' })
  await sessions.destroyAll('ada')
  expect(toldChannels(listening.told)).toEqual(listedChannels('session-store'))
  expect(Object.keys(listedChannels('session-store')).toSorted()).toEqual(names.toSorted())

  const said = JSON.stringify(listening.told)
  for (const secret of [token, next, session.id, 'ada', 'tea']) expect(said).not.toContain(secret)
})

it('a store that does not answer is told of as an error', async () => {
  using listening = listen(names)
  const faults = manualFaults()
  const sessions = createSessions({
    cache: createCache({ store: flakyStore(memoryStore(), faults) }),
  })
  faults.fail()
  await expect(sessions.create()).rejects.toThrow(StoreUnavailableError)
  expect(listening.told[0]?.events).toContain('error')
})
