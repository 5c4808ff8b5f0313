import { AsyncLocalStorage } from 'node:async_hooks'
import { channel, tracingChannel } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { createCache, traceNames, type RootCache, type TracedKey } from '@sluice/core'
import { createTrace, tracedKey } from '@sluice/core/extend'
import { memoryStore } from '@sluice/core/memory'
import { flakyStore, manualFaults } from '@sluice/core/testing'
import { listedChannels, listen, toldChannels } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'

const coreNames = traceNames().filter((name) => name.startsWith('sluice:core:'))

/** Every verb of a cache, with every result it may have. */
async function useAll(cache: RootCache): Promise<void> {
  await cache.get('a')
  await cache.set('a', 1)
  await cache.get('a')
  await cache.setIfAbsent('a', 2)
  await cache.has('a')
  await cache.ttl('a')
  await cache.expire('a', '1m')
  await cache.persist('a')
  await cache.touch('a')
  await cache.ttl('none')
  await cache.increment('a')
  await cache.decrement('a')
  await cache.compareAndSwap('a', 1, 2)
  await cache.update('a', () => 3)
  await cache.setMany([['b', 1]])
  await cache.getMany(['a', 'b', 'none'])
  await cache.keysMatching('*')
  await cache.countMatching('*')
  for await (const key of cache.keys()) await cache.delete(key)
  await cache.take('a')
  await cache.set('a', 1)
  await cache.take('a')
  await cache.deleteMany(['a', 'b'])
  await cache.deleteMatching('*')
  await cache.clear()
}

describe('the tracing channels of a cache', () => {
  it('are those that the guide lists, with the messages and results that it lists', async () => {
    using listening = listen(coreNames)
    await useAll(createCache())
    expect(toldChannels(listening.told)).toEqual(listedChannels('core'))
    expect(Object.keys(listedChannels('core')).toSorted()).toEqual(coreNames.toSorted())
  })

  it('tell of one operation once, and not of what it does inside', async () => {
    using listening = listen(coreNames)
    const cache = createCache()
    await cache.update('a', async () => 1)
    await cache.clearNamespace('eu')
    await cache.setIfAbsent('b', 1)
    await cache.decrement('b')
    await cache.ping()
    expect(listening.told.map((one) => one.channel)).toEqual([
      'sluice:core:update',
      'sluice:core:clear',
      'sluice:core:setIfAbsent',
      'sluice:core:decrement',
    ])
  })

  it('tell start, end, asyncStart and asyncEnd with one message, as tracePromise does', async () => {
    using listening = listen(coreNames)
    const cache = createCache({ prefix: 'shop' })
    const reading = cache.namespace('eu').get('user:7')
    expect(listening.told[0]?.events).toEqual(['start', 'end'])
    expect(listening.told[0]?.message).not.toHaveProperty('durationMs')
    await reading
    expect(listening.told[0]?.events).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
    expect(listening.told[0]?.message).toMatchObject({ store: 'memory', prefix: 'shop' })
    expect(listening.told[0]?.message['durationMs']).toBeGreaterThan(0)
  })

  it('tell what an operation threw, and the caller gets it', async () => {
    using listening = listen(coreNames)
    const faults = manualFaults()
    const cache = createCache({ store: flakyStore(memoryStore(), faults) })
    faults.fail()
    await expect(cache.get('a')).rejects.toThrow('get: the store was not asked')
    await expect(cache.getMany(7 as never)).rejects.toThrow(TypeError)
    await expect(cache.set(Symbol('none') as never, 1)).rejects.toMatchObject({
      code: 'SLUICE_KEY',
    })
    const [failed] = listening.told
    expect(failed?.events).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
    expect(failed?.message['error']).toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
    expect(failed?.message).not.toHaveProperty('result')
  })

  it('show a key as a hash, and as itself only to who asks for it', async () => {
    using listening = listen(coreNames)
    const cache = createCache({ prefix: 'shop' }).tenant('acme')
    await cache.set('ada@example.com', 'a secret value')
    await cache.get('ada@example.com')
    for (const { message } of listening.told) {
      const shown = inspect(message, { depth: 10, showHidden: true }) + JSON.stringify(message)
      expect(shown).not.toMatch(/ada|acme|secret/)
      expect(shown).toMatch(/[0-9a-f]{12}/)
    }
    const [written, read] = listening.told.map(({ message }) => message['key'] as TracedKey)
    expect(written?.hash).toBe(read?.hash)
    expect(read?.reveal()).toBe('shop:@acme:ada@example.com')
    expect(tracedKey(() => 'other').hash).not.toBe(read?.hash)
  })

  it('leave a list that can be walked over once to the verb', async () => {
    using _ = listen(coreNames)
    const cache = createCache()
    const entries = new Map([['a', 1]])
    expect(await cache.setMany(entries.entries())).toBe(1)
    expect(await cache.getMany(entries.keys())).toEqual(entries)
    expect(await cache.deleteMany(entries.keys())).toBe(1)
  })

  it('tell of a walk over keys when it ends, also where the reader breaks off or it fails', async () => {
    using listening = listen(coreNames)
    const faults = manualFaults()
    const cache = createCache({ store: flakyStore(memoryStore(), faults) })
    await cache.setMany(['a', 'b', 'c'].map((key) => [key, 1]))
    for await (const _ of cache.keys()) break
    faults.fail({ on: 'scan' })
    await expect(cache.keys()[Symbol.asyncIterator]().next()).rejects.toThrow('scan')
    await Promise.resolve()
    const [, broken, failed] = listening.told
    expect(broken?.message['result']).toBe(1)
    expect(failed?.message['error']).toBeInstanceOf(Error)
  })

  it('run the operation in the context that a subscriber binds', async () => {
    const spans = new AsyncLocalStorage<string>()
    const channels = tracingChannel<string, object>('sluice:core:update')
    channels.start.bindStore(spans, () => 'span of the update')
    const seen = createCache().update('a', () => spans.getStore())
    channels.start.unbindStore(spans)
    expect(await seen).toBe('span of the update')
    expect(spans.getStore()).toBeUndefined()
  })
})

describe('without a subscriber', () => {
  const answer = Promise.resolve('answer')
  const bare = (_key: string, _options?: object): Promise<string> => answer
  const trace = createTrace<{ key: string }, string>('test', 'idle')
  const traced = trace.wrap(
    bare,
    (key) => ({ key }),
    (value) => value,
  )
  const options = {}

  it('a call makes nothing: no message, promise or closure', async () => {
    expect(traced('key', options)).toBe(answer)
    const idle = bytesPerCall(() => traced('key', options))
    const hear = (): void => undefined
    const ends = channel('tracing:sluice:test:idle:asyncEnd')
    ends.subscribe(hear)
    expect(trace.active).toBe(true)
    expect(traced('key', options)).not.toBe(answer)
    const told = bytesPerCall(() => traced('key', options))
    ends.unsubscribe(hear)
    const idleAgain = bytesPerCall(() => traced('key', options))
    console.log(
      `bytes a call: ${idle.toFixed(2)} idle, ${told.toFixed(0)} told of, ${idleAgain.toFixed(2)} idle again`,
    )
    expect(idle).toBeLessThan(1)
    expect(told).toBeGreaterThan(100)
    expect(idleAgain).toBeLessThan(1)
  })
})

/** The least that a call allocated in several rounds: a collection within a round makes it useless, not wrong. */
function bytesPerCall(call: () => unknown): number {
  const calls = 20_000
  const rounds = Array.from({ length: 7 }, () => {
    const before = process.memoryUsage().heapUsed
    for (let done = 0; done < calls; done++) call()
    return (process.memoryUsage().heapUsed - before) / calls
  })
  return Math.min(...rounds.filter((bytes) => bytes >= 0))
}
