import { memoryStore } from '@sluice/core/memory'
import { defineOperation, type Operation } from '@sluice/core/extend'
import { describe, expect, it } from 'vitest'
import { createEar, listening, publish } from './told.ts'

/** Lets everything that waits for no timer happen. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('messages in memory', () => {
  it('are told after the operation that published them, never inside it', async () => {
    const store = memoryStore()
    const ear = await listening(store, 'c')
    const heardInside: number[] = []
    const inspect: Operation<object, null> = defineOperation({
      name: 'test.inspect',
      keys: () => ['k'],
      argv: () => [],
      lua: '',
      memory(view) {
        view.publish('c', 'one')
        view.publish('c', 'two')
        heardInside.push(ear.heard.length)
        return null
      },
      reply: (nothing) => nothing,
    })
    await store.run(inspect, {})
    await settle()
    expect(heardInside).toEqual([0])
    expect(ear.heard).toEqual(['one', 'two'])
  })

  it('are heard by those who listened when they were published, and by no later one', async () => {
    const store = memoryStore()
    const running = store.run(publish, { channel: 'c', message: 'early' })
    const late = await listening(store, 'c')
    await running
    const left = await listening(store, 'c')
    const leaving = store.run(publish, { channel: 'c', message: 'next' })
    left.subscription.close()
    await leaving
    await settle()
    expect(late.heard).toEqual(['next'])
    expect(left.heard).toEqual([])
  })

  it('that answer messages go on one by one: each is told before what it brings about', async () => {
    const store = memoryStore()
    const { heard } = await listening(store, 'b')
    store.subscribe('a', {
      onGap: () => undefined,
      onMessage(message) {
        heard.push(`begin ${message}`)
        void store.run(publish, { channel: 'b', message: `answer to ${message}` })
        heard.push(`end ${message}`)
      },
    })
    await store.run(publish, { channel: 'a', message: '1' })
    await settle()
    expect(heard).toEqual(['begin 1', 'end 1', 'answer to 1'])
  })

  it('are told no more once the store is closed', async () => {
    const store = memoryStore()
    const ear = await listening(store, 'c')
    const running = store.run(publish, { channel: 'c', message: 'last' })
    await store.close()
    await running
    await settle()
    expect(ear.heard).toEqual([])
  })

  it('reach one listener twice that subscribed twice, until it has closed both', async () => {
    const store = memoryStore()
    const ear = createEar()
    const [first, second] = [store.subscribe('c', ear), store.subscribe('c', ear)]
    await store.run(publish, { channel: 'c', message: '1' })
    first.close()
    await store.run(publish, { channel: 'c', message: '2' })
    second.close()
    await store.run(publish, { channel: 'c', message: '3' })
    await settle()
    expect(ear.heard).toEqual(['1', '1', '2'])
  })
})
