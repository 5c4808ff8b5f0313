import { expect, it } from 'vitest'
import { createGuard } from '@sluice/stampede-guard'
import { createBench, createGate, turns } from './fixtures.ts'

const many = (count: number, ask: () => Promise<unknown>) => Array.from({ length: count }, ask)

it('a value is loaded once and kept for its ttl', async () => {
  const { guard, clock } = createBench({ ttl: '1m' })
  let loads = 0
  const load = () => ++loads
  expect(await guard.get('a', load)).toBe(1)
  clock.advance(59_999)
  expect(await guard.get('a', load)).toBe(1)
  clock.advance(1)
  expect(await guard.get('a', load)).toBe(2)
})

it('200 callers who miss together share one load', async () => {
  const { guard } = createBench()
  const gate = createGate<string>()
  const callers = many(200, () => guard.get('a', gate.load))
  await turns()
  const later = many(10, () => guard.get('a', gate.load))
  gate.open('loaded')
  expect(new Set(await Promise.all([...callers, ...later]))).toEqual(new Set(['loaded']))
  expect(gate.calls()).toBe(1)
})

it('keys do not wait for each other', async () => {
  const { guard } = createBench()
  const gate = createGate<string>()
  const slow = guard.get('slow', gate.load)
  expect(await guard.get('quick', () => 1)).toBe(1)
  gate.open('done')
  await slow
})

it('a failing load is one failure, shared by all who joined, and the next get loads again', async () => {
  const { guard } = createBench()
  const gate = createGate<string>()
  const callers = Promise.allSettled(many(20, () => guard.get('a', gate.load)))
  await turns()
  const failure = new Error('source is down')
  gate.fail(failure)
  const outcomes = await callers
  expect(outcomes.every((one) => one.status === 'rejected' && one.reason === failure)).toBe(true)
  expect(gate.calls()).toBe(1)
  expect(await guard.get('a', () => 'back')).toBe('back')
})

it('a loader that throws at once rejects like one that rejects', async () => {
  const { guard } = createBench()
  const load = (): string => {
    throw new Error('at once')
  }
  await expect(guard.get('a', load)).rejects.toThrow('at once')
})

it('a loader is told its key', async () => {
  const { guard } = createBench()
  expect(await guard.get('product:7', ({ key }) => key)).toBe('product:7')
})

it('undefined means none and is not cached; null is cached', async () => {
  const { guard } = createBench()
  let loads = 0
  const none = () => void loads++
  expect([await guard.get('none', none), await guard.get('none', none)]).toEqual([
    undefined,
    undefined,
  ])
  expect(loads).toBe(2)
  const isNull = () => (loads++, null)
  expect([await guard.get('null', isNull), await guard.get('null', isNull)]).toEqual([null, null])
  expect(loads).toBe(3)
})

it('a call may give its entry another ttl', async () => {
  const { guard, cache } = createBench({ ttl: '1m' })
  await guard.get('a', () => 1, { ttl: '10s' })
  await guard.set('b', 1, { ttl: '20s' })
  expect([await cache.ttl('a'), await cache.ttl('b')]).toEqual([10_000, 20_000])
})

it('a wrapped function is called once for its key, with its arguments', async () => {
  const { guard } = createBench()
  const calls: unknown[] = []
  const find = guard.wrap(
    (id: number, locale: string) => {
      calls.push([id, locale])
      return { id, locale }
    },
    { key: (id, locale) => `product:${id}:${locale}` },
  )
  expect(await Promise.all([find(7, 'en'), find(7, 'en'), find(8, 'de')])).toEqual([
    { id: 7, locale: 'en' },
    { id: 7, locale: 'en' },
    { id: 8, locale: 'de' },
  ])
  expect(await find(7, 'en')).toEqual({ id: 7, locale: 'en' })
  expect(calls).toEqual([
    [7, 'en'],
    [8, 'de'],
  ])
})

it('peek tells what is there, and how old, without loading it', async () => {
  const { guard, clock } = createBench()
  expect(await guard.peek('a')).toEqual({ hit: false })
  await guard.set('a', { stock: 3 })
  clock.advance('5s')
  expect(await guard.peek('a')).toEqual({
    hit: true,
    value: { stock: 3 },
    stale: false,
    ageMs: 5000,
  })
})

it('peek calls an entry stale that is kept past its ttl', async () => {
  const { cache, clock } = createBench()
  const ahead = createGuard({ cache, ttl: '1m', clock: { now: () => clock.now() + 60_000 } })
  await createGuard({ cache, ttl: '1m', clock }).set('a', 1)
  expect(await ahead.peek('a')).toEqual({ hit: true, value: 1, stale: true, ageMs: 60_000 })
})

it('set replaces a value without a load, and delete tells whether there was one', async () => {
  const { guard } = createBench()
  await guard.set('a', 'set')
  expect(await guard.get('a', () => 'loaded')).toBe('set')
  expect([await guard.delete('a'), await guard.delete('a')]).toEqual([true, false])
  expect(await guard.get('a', () => 'loaded')).toBe('loaded')
})

it('another reader of the cache finds the value in plain JSON', async () => {
  const { guard, cache, clock } = createBench({ ttl: '1m' })
  await guard.get('a', () => {
    clock.advance(250)
    return { name: 'Ada' }
  })
  expect(JSON.parse(String(await cache.store.get('sluice:a')))).toEqual({
    guard: 1,
    value: { name: 'Ada' },
    writtenAtMs: clock.now(),
    expiresAtMs: clock.now() + 60_000,
    loadMs: 250,
  })
})

it('what something else has put under the key is a miss', async () => {
  const { guard, cache } = createBench()
  const foreign = { writtenAtMs: 0, expiresAtMs: 9e15, loadMs: 1, value: 'foreign' }
  for (const value of ['text', 7, null, { value: 1 }, foreign, { ...foreign, guard: 2 }]) {
    await cache.set('a', value)
    expect(await guard.get('a', () => 'ours')).toBe('ours')
  }
})

it('guards on one cache share their flights, and namespaces keep theirs apart', async () => {
  const { guard, cache, clock } = createBench()
  const twin = createGuard({ cache, ttl: '1m', clock })
  const other = createGuard({ cache: cache.namespace('other'), ttl: '1m', clock })
  const gate = createGate<string>()
  const callers = [guard.get('a', gate.load), twin.get('a', gate.load)]
  expect(await other.get('a', () => 'other')).toBe('other')
  await turns()
  await twin.delete('a')
  gate.open('late')
  expect(await Promise.all(callers)).toEqual(['late', 'late'])
  expect(gate.calls()).toBe(1)
  expect(await guard.peek('a')).toEqual({ hit: false })
})
