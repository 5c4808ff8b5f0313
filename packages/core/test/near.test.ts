import { OptionError, StoreClosedError } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { nearStore, type NearStoreOptions } from '@sluice/core/near'
import { describe, expect, it } from 'vitest'
import { toldStore } from './told-store.ts'

describe('a reply that a write overtook on its way', () => {
  /** A near store with a read of `p:a` under way: the store has answered 'old', the answer has not arrived. */
  async function underWay() {
    const store = toldStore()
    const near = nearStore(store)
    await store.set('p:a', 'old')
    const release = store.holdReplies()
    const read = near.get('p:a')
    await new Promise(setImmediate)
    await store.set('p:a', 'new')
    return { store, near, release, read }
  }
  const kept = (near: ReturnType<typeof nearStore>): number => near.nearStats().entries

  it('is answered, and not kept, when the key was told of', async () => {
    const { store, near, release, read } = await underWay()
    store.watched[0]?.onWrite(['p:b', 'p:a'])
    release()
    expect(await read).toBe('old')
    expect(kept(near)).toBe(0)
    expect(await near.get('p:a')).toBe('new')
  })

  it('is not kept when everything came into doubt', async () => {
    const { store, near, release, read } = await underWay()
    store.watched[0]?.onDoubt()
    release()
    expect(await read).toBe('old')
    expect(kept(near)).toBe(0)
  })

  it('is not kept when the write was done through the near store', async () => {
    const { near, release, read } = await underWay()
    await near.set('p:a', 'mine')
    release()
    expect(await read).toBe('old')
    expect(await near.get('p:a')).toBe('mine')
  })

  it('is kept when another key was written', async () => {
    const { store, near, release, read } = await underWay()
    store.watched[0]?.onWrite(['p:b'])
    release()
    await read
    expect(kept(near)).toBe(1)
  })

  it('does not keep the reply of a later read from being kept', async () => {
    const { store, near, release, read } = await underWay()
    store.watched[0]?.onWrite(['p:a'])
    const later = near.get('p:a')
    release()
    expect(await Promise.all([read, later])).toEqual(['old', 'new'])
    expect(kept(near)).toBe(1)
    expect(await near.get('p:a')).toBe('new')
    expect(store.reads).toBe(2)
  })

  it('is not kept in a batch either, where the others are', async () => {
    const store = toldStore()
    const near = nearStore(store)
    await store.setMany([
      ['p:a', '1'],
      ['p:b', '2'],
    ])
    const release = store.holdReplies()
    const read = near.getMany(['p:a', 'p:b'])
    await new Promise(setImmediate)
    store.watched[0]?.onWrite(['p:a'])
    release()
    expect(await read).toEqual(['1', '2'])
    await near.getMany(['p:b', 'p:b'])
    expect(near.nearStats()).toMatchObject({ entries: 1, hits: 1, misses: 2 })
  })
})

describe('memory serves', () => {
  it('while the last proof of coherence is younger than maxStale', async () => {
    const store = toldStore()
    const near = nearStore(store, { maxStale: '10s' })
    await store.set('p:a', 'old')
    await near.get('p:a')
    await store.set('p:a', 'new')
    store.provenAgoMs = 9000
    expect(await near.get('p:a')).toBe('old')
    expect(near.nearStats().serving).toBe(true)
    store.provenAgoMs = 10_001
    expect(await near.get('p:a')).toBe('new')
    expect(near.nearStats().serving).toBe(false)
    store.provenAgoMs = 0
    expect(await near.get('p:a')).toBe('old')
  })

  it('nothing that was read while the link was down', async () => {
    const store = toldStore()
    const near = nearStore(store)
    store.provenAgoMs = Infinity
    await store.set('p:a', 'old')
    expect(await near.get('p:a')).toBe('old')
    expect(await near.getMany(['p:a'])).toEqual(['old'])
    store.provenAgoMs = 0
    expect(near.nearStats().entries).toBe(0)
    expect(store.reads).toBe(0)
  })

  it('no state of operations and no key without a prefix, and watches neither', async () => {
    const store = toldStore()
    const near = nearStore(store)
    for (const key of ['p#limit:{a}', 'bare', ':odd', 'a#b:c']) {
      await near.set(key, 'old')
      await near.get(key)
      await store.set(key, 'new')
      expect(await near.get(key)).toBe('new')
    }
    expect(store.watched).toEqual([])
  })

  it('a key that has a # of its own', async () => {
    const store = toldStore()
    const near = nearStore(store)
    await near.set('p:a#b', 'x')
    await near.get('p:a#b')
    expect(near.nearStats().entries).toBe(1)
  })

  it('the first 8 prefixes, and passes the others through', async () => {
    const store = toldStore()
    const near = nearStore(store)
    for (let at = 0; at < 10; at++) {
      await near.set(`p${at}:a`, 'x')
      expect(await near.get(`p${at}:a`)).toBe('x')
    }
    expect(store.watched.map(({ base }) => base)).toEqual(
      Array.from({ length: 8 }, (_, at) => `p${at}:`),
    )
    expect(near.nearStats().entries).toBe(8)
  })

  it('no sweep over more than 1000 keys', async () => {
    const store = toldStore()
    const near = nearStore(store)
    const keys = Array.from({ length: 1001 }, (_, at) => `p:${at}`)
    await near.setMany(keys.map((key) => [key, 'x']))
    expect(await near.getMany(keys)).toEqual(keys.map(() => 'x'))
    expect(near.nearStats().entries).toBe(0)
    await near.getMany(keys.slice(1))
    expect(near.nearStats().entries).toBe(1000)
  })

  it('no more than maxEntries and maxBytes', async () => {
    for (const options of [{ maxEntries: 3 }, { maxBytes: 3 * (2 * 3 + 2 * 100 + 1) }]) {
      const near = nearStore(toldStore(), options)
      for (const name of ['a', 'b', 'c', 'd', 'e']) {
        await near.set(`p:${name}`, 'x'.repeat(100))
        await near.get(`p:${name}`)
      }
      expect(near.nearStats().entries).toBe(3)
    }
  })
})

it('writes are told by the writers where the source is pub/sub, state of operations is not', async () => {
  const store = toldStore()
  const near = nearStore(store, { source: 'pubsub' })
  await near.set('p:a', 'x')
  await near.setMany([
    ['p:b', 'x'],
    ['q:c', 'x'],
  ])
  await near.delete(['p:a', 'p#limit:{a}'])
  await near.set('p#limit:{a}', 'x')
  expect(store.told).toEqual(['p:a', 'p:b', 'q:c', 'p:a'])
  await nearStore(store).set('p:z', 'x')
  expect(store.told).not.toContain('p:z')
})

it('close ends the watches and the store', async () => {
  const store = toldStore()
  const near = nearStore(store)
  await near.set('p:a', 'x')
  await near.get('p:a')
  expect(store.watched.length).toBe(1)
  await near.close()
  expect(store.watched.length).toBe(0)
  await expect(near.get('p:a')).rejects.toThrow(StoreClosedError)
  await expect(near.get('q:a')).rejects.toThrow(StoreClosedError)
  expect(store.watched.length).toBe(0)
})

describe('nearStore refuses', () => {
  it('a store that cannot tell of writes, and says what to do', () => {
    expect(() => nearStore(memoryStore())).toThrow(OptionError)
    expect(() => nearStore(memoryStore())).toThrow(/such as redisStore.*use it as it is/)
    expect(() => nearStore({} as never)).toThrow(/Expected nearStore\(\) to be given a store/)
  })
  it.each<[object, RegExp]>([
    [{ maxEntires: 1 }, /Did you mean "maxEntries"/],
    [{ maxEntries: 0 }, /"maxEntries"/],
    [{ maxBytes: -1 }, /"maxBytes"/],
    [{ ttl: 'soon' }, /"ttl"/],
    [{ maxStale: 0 }, /"maxStale"/],
    [{ source: 'gossip' }, /"source".*'tracking', 'pubsub'/],
  ])('%j', (options, message) => {
    expect(() => nearStore(toldStore(), options as NearStoreOptions)).toThrow(message)
  })
})
