import { expect, it } from 'vitest'
import { createGuard, type LoadContext } from '@sluice/stampede-guard'
import { createBench, createGate, turns } from './fixtures.ts'

it('null is kept for the negative ttl', async () => {
  const { guard, cache } = createBench({ ttl: '1m', negativeTtl: '5s' })
  await guard.get('none', () => null)
  await guard.get('some', () => 0)
  expect([await cache.ttl('none'), await cache.ttl('some')]).toEqual([5000, 60_000])
})

it('jitter takes off a part of the ttl by chance', async () => {
  const draws = [0, 0.5, 0.999]
  const { guard, cache } = createBench({
    ttl: 1000,
    jitter: 0.2,
    early: false,
    random: () => draws.shift() ?? 0,
  })
  const ttlOf = async (key: string) => {
    await guard.set(key, 1)
    return cache.ttl(key)
  }
  expect([await ttlOf('a'), await ttlOf('b'), await ttlOf('c')]).toEqual([1000, 900, 800])
})

it('a loader may set the ttl of its value, both windows on top of it', async () => {
  const { guard, cache } = createBench({ ttl: '1m', staleIfError: '10s' })
  await guard.get('a', ({ setTtl }) => (setTtl('5m'), 1))
  expect(await cache.ttl('a')).toBe(310_000)
})

it('a loader may skip keeping its value, and callers get it all the same', async () => {
  const { guard, cache } = createBench()
  expect(await guard.get('a', ({ skip }) => (skip(), 'draft'))).toBe('draft')
  expect(await cache.has('a')).toBe(false)
})

it('a loader sees what it replaces, and may say that it is still right', async () => {
  const { guard, clock } = createBench({ ttl: '1m', staleIfError: '1h' })
  const seen: unknown[] = []
  const load = (context: LoadContext) => {
    seen.push(context.previous)
    return context.previous === undefined ? { etag: 'x' } : context.notModified()
  }
  await guard.get('a', load)
  clock.advance('90s')
  expect(await guard.get('a', load)).toEqual({ etag: 'x' })
  expect(seen).toEqual([undefined, { value: { etag: 'x' }, ageMs: 90_000 }])
  expect(await guard.peek('a')).toMatchObject({ stale: false, ageMs: 0 })
})

it('notModified without a previous value is misuse', async () => {
  const { guard } = createBench()
  await expect(guard.get('a', ({ notModified }) => notModified())).rejects.toMatchObject({
    code: 'SLUICE_OPTION',
  })
})

it('refresh loads anew whatever is cached, and what it brings is kept', async () => {
  const { guard } = createBench()
  await guard.get('a', () => 'old')
  expect(await guard.refresh('a', () => 'new')).toBe('new')
  expect(await guard.get('a', () => 'unused')).toBe('new')
  await expect(guard.refresh('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await guard.get('a', () => 'unused')).toBe('new')
})

it('refreshes of one key at the same time are one load', async () => {
  const { guard } = createBench()
  let loads = 0
  const load = async () => (await turns(), ++loads)
  expect(await Promise.all([guard.refresh('a', load), guard.refresh('a', load)])).toEqual([1, 1])
})

it('clear forgets everything of the view, what is being loaded too, and nothing beside it', async () => {
  const { cache, clock } = createBench()
  await cache.set('beside', 1)
  const guard = createGuard({ cache: cache.namespace('own'), ttl: '1m', clock })
  await guard.set('b', 1)
  const gate = createGate<string>()
  const waiting = guard.get('a', gate.load)
  await turns()
  expect(await guard.clear()).toBe(1)
  gate.open('old')
  expect(await waiting).toBe('old')
  expect(await cache.keysMatching('*')).toEqual(['beside'])
  expect(await guard.get('a', () => 'fresh')).toBe('fresh')
})
