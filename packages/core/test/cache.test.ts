import { createCache, KeyError, SluiceError, StoreClosedError, ValueError } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { processCache } from '@sluice/core/extend'
import { manualClock } from '@sluice/core/testing'
import { describe, expect, it } from 'vitest'
import { cacheSuite } from './cache-suite.ts'

describe('a cache in memory', () => {
  cacheSuite(() => {
    const clock = manualClock()
    return {
      store: memoryStore({ clock, maxEntries: 20_000 }),
      prefix: 'test',
      pass: async (ms) => clock.advance(ms),
    }
  })
})

describe('keys', () => {
  const cache = createCache()

  it.each([
    ['', 'an empty string'],
    ['x'.repeat(10_000), '10000 bytes'],
    ['é'.repeat(513), '1026 bytes'],
    ['half \ud800', 'half a surrogate pair'],
    [7, '7 (number)'],
    [undefined, 'undefined'],
  ])('refuses %j before the store is asked', async (key, got) => {
    const failing = cache.get(key as string)
    await expect(failing).rejects.toThrow(KeyError)
    await expect(failing).rejects.toThrow(got)
    expect(() => cache.namespace(key as string)).toThrow(KeyError)
    expect(() => cache.tenant(key as string)).toThrow(KeyError)
    expect(() => cache.stateKey('lock', key as string)).toThrow(KeyError)
  })

  it('takes 1024 bytes', async () => {
    await cache.set('é'.repeat(512), 1)
    expect(await cache.get('é'.repeat(512))).toBe(1)
  })

  it('puts all state of one name in one Cluster slot, whatever the name', () => {
    for (const name of ['order', 'a{b}', '}a{', '{', '{}', '%7B']) {
      const key = cache.stateKey('lock', name)
      const tag = /^[^{]*\{([^}]+)\}$/.exec(key)?.[1]
      expect(tag, key).toBeTruthy()
    }
    const names = ['a{b', 'a%7Bb', 'a}b', 'a%b'].map((name) => cache.stateKey('lock', name))
    expect(new Set(names).size).toBe(4)
  })
})

describe('createCache', () => {
  it.each([
    [{ prefx: 'shop' }, /no option "prefx". Did you mean "prefix"\?/],
    [{ colour: 1 }, /no option "colour". Known are store, prefix, ttl, codec, values, stats/],
    [{ prefix: 'shop:eu' }, /Expected "prefix".*got "shop:eu".*namespace/],
    [{ prefix: '' }, /Expected "prefix"/],
    [{ ttl: '15 parsecs' }, /Expected "ttl" to be a duration.*got "15 parsecs" \(string\)/],
    [{ store: {} }, /Expected "store" to be a store, such as memoryStore\(\)/],
    ['shop', /Expected createCache\(\) to be given an options object, got "shop"/],
  ])('refuses %j and says the fix', (options, message) => {
    expect(() => createCache(options as object)).toThrow(message)
    expect(() => createCache(options as object)).toThrow(
      expect.objectContaining({ code: 'SLUICE_OPTION' }) as Error,
    )
  })

  it('closes its store for good, by using as well', async () => {
    const cache = createCache()
    {
      await using inner = cache
      await inner.set('key', 1)
    }
    await expect(cache.get('key')).rejects.toThrow(StoreClosedError)
    await expect(cache.namespace('view').set('key', 1)).rejects.toThrow(StoreClosedError)
    expect(await cache.ping()).toBe(false)
    await cache.close()
  })
})

it('the process cache is one, whoever asks', async () => {
  await processCache().set('one', 1)
  expect(await processCache().get('one')).toBe(1)
})

it('errors are recognised across copies of the package, by name and code', () => {
  const copy = Object.assign(new Error('x'), { [Symbol.for('@sluice/core/error')]: true })
  expect(copy).toBeInstanceOf(SluiceError)
  expect(new Error('x')).not.toBeInstanceOf(SluiceError)
  expect(new SluiceError('SLUICE_KEY', 'x')).not.toBeInstanceOf(KeyError)
  expect(new KeyError('x')).toMatchObject({ name: 'KeyError', code: 'SLUICE_KEY', status: 400 })
})

it('a package finds an entry in the store by its key, as what the codec makes of its value', async () => {
  const store = memoryStore()
  const view = createCache({ store, prefix: 'shop' }).namespace('eu')
  await view.set('a', { at: new Date(0) })
  expect(await store.get(view.entryKey('a'))).toBe(view.encode({ at: new Date(0) }))
  expect(() => view.entryKey('')).toThrow(KeyError)
  expect(() => view.encode(() => 1)).toThrow(ValueError)
})
