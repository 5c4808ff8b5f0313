import { createCache, type RootCache, type Store } from '@sluice/core'
import { createGuard, type Guard, type GuardOptions } from '@sluice/stampede-guard'
import { uniquePrefix } from '@sluice/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createGate, turns } from './fixtures.ts'

/** Other processes and servers may be slow. */
const patiently = { timeout: 10_000, interval: 5 }

interface Member {
  readonly guard: Guard
  readonly cache: RootCache
}

/** Two guards that share nothing but the server, as in two processes. */
function createPair(
  connect: () => Store,
  options: Partial<GuardOptions> = {},
  keyPrefix = uniquePrefix('guard'),
): [Member, Member] {
  const create = (): Member => {
    const cache = createCache({ store: connect(), prefix: keyPrefix })
    onTestFinished(() => cache.close())
    const guard = createGuard({ cache, ttl: '1m', ...options })
    onTestFinished(() => guard.close(1))
    return { cache, guard }
  }
  return [create(), create()]
}

const many = (count: number, ask: () => Promise<unknown>) => Array.from({ length: count }, ask)

/** What a guard promises on every store that several processes share. */
export function describeSharedGuard(connect: () => Store): void {
  describe('a guard whose store other processes share', () => {
    loadsOnce(connect)
    sharesValues(connect)
    fences(connect)
    invalidates(connect)
  })
}

function loadsOnce(connect: () => Store): void {
  it('200 concurrent misses in each of two processes are one load', async () => {
    const [one, two] = createPair(connect)
    const gate = createGate<string>()
    const callers = [one, two].flatMap(({ guard }) => many(200, () => guard.get('a', gate.load)))
    await expect.poll(() => gate.calls(), patiently).toBe(1)
    await turns()
    gate.open('loaded')
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['loaded']))
    expect(gate.calls()).toBe(1)
  })

  it('whoever waits for another process is woken by what it loads, long before the lease ends', async () => {
    const [one, two] = createPair(connect, { lease: '30s' })
    const gate = createGate<string>()
    const loading = one.guard.get('a', gate.load)
    await expect.poll(() => gate.calls(), patiently).toBe(1)
    const waiting = two.guard.get('a', gate.load)
    await turns()
    gate.open('loaded')
    const startedMs = performance.now()
    expect([await loading, await waiting]).toEqual(['loaded', 'loaded'])
    expect(performance.now() - startedMs).toBeLessThan(5000)
    expect(gate.calls()).toBe(1)
  })

  it('with the scope of a process each process loads for itself, and waits for nobody', async () => {
    const [one, two] = createPair(connect, { scope: 'process' })
    const gates = [createGate<string>(), createGate<string>()] as const
    const callers = [one.guard.get('a', gates[0].load), two.guard.get('a', gates[1].load)]
    await expect.poll(() => gates.map((gate) => gate.calls()), patiently).toEqual([1, 1])
    for (const gate of gates) gate.open('loaded')
    expect(await Promise.all(callers)).toEqual(['loaded', 'loaded'])
    expect(await one.guard.peek('a')).toMatchObject({ hit: true, value: 'loaded' })
  })

  it('an entry that two processes find due is refreshed by one of them', async () => {
    const [one, two] = createPair(connect, { ttl: '1m', early: 0.000_01 })
    await one.guard.get('a', () => 'old')
    await new Promise((resolve) => setTimeout(resolve, 5))
    const gate = createGate<string>()
    const hits = [one, two].map(({ guard }) => guard.get('a', gate.load))
    expect(await Promise.all(hits)).toEqual(['old', 'old'])
    await expect.poll(() => gate.calls(), patiently).toBe(1)
    gate.open('new')
    await expect.poll(() => two.guard.peek('a'), patiently).toMatchObject({ value: 'new' })
    expect(gate.calls()).toBe(1)
  })

  it('a load that fails does not make other processes stand in a line of failures', async () => {
    const [one, two] = createPair(connect)
    const failing = createGate<string>()
    const failed = one.guard.get('a', failing.load).catch((error: Error) => error.message)
    await expect.poll(() => failing.calls(), patiently).toBe(1)
    let loads = 0
    const waiting = two.guard.get('a', () => ++loads)
    await turns()
    failing.fail(new Error('source is down'))
    expect([await failed, await waiting]).toEqual(['source is down', 1])
    expect(await one.guard.get('a', () => 'again')).toBe(1)
  })
}

function sharesValues(connect: () => Store): void {
  it('what one process loads, another finds, dates and bytes alike', async () => {
    const [one, two] = createPair(connect)
    const value = {
      at: new Date(0),
      bytes: Buffer.from('ab'),
      tags: new Set(['new']),
      none: null,
    }
    await one.guard.get('a', () => value)
    expect(await two.guard.get('a', () => 'not loaded again')).toEqual(value)
    expect(await two.guard.peek('a')).toMatchObject({ hit: true, stale: false })
  })

  it('what one process deletes or sets, another no longer finds', async () => {
    const [one, two] = createPair(connect)
    await one.guard.get('a', () => 'old')
    await two.guard.delete('a')
    expect(await one.guard.get('a', () => 'new')).toBe('new')
    await two.guard.set('a', 'set')
    expect(await one.guard.get('a', () => 'loaded')).toBe('set')
  })

  it('an entry leaves the store when its ttl is over, and nothing else is left behind', async () => {
    const [one] = createPair(connect)
    await one.guard.get('a', () => 'value', { ttl: '50s' })
    const ttlMs = await one.cache.ttl('a')
    expect(ttlMs).toBeGreaterThan(40_000)
    expect(ttlMs).toBeLessThanOrEqual(50_000)
    expect(await one.cache.keysMatching('*')).toEqual(['a'])
  })

  it('keys with hash tags and braces are guarded like others', async () => {
    const [one, two] = createPair(connect)
    for (const key of ['{user:1}:name', 'a}b', '{}x', 'a{b', '%}{', 'ключ']) {
      const gate = createGate<string>()
      const callers = [one, two].map(({ guard }) => guard.get(key, gate.load))
      await expect.poll(() => gate.calls(), patiently).toBe(1)
      gate.open(key)
      expect(await Promise.all(callers)).toEqual([key, key])
      expect(gate.calls()).toBe(1)
    }
  })
}

/** How another process may overtake a load. */
const overtaking: [string, (member: Member) => Promise<unknown>][] = [
  ['a delete of the guard', ({ guard }) => guard.delete('a')],
  ['a clear of the guard', ({ guard }) => guard.clear()],
  ['a delete of the cache', ({ cache }) => cache.delete('a')],
  ['a clear of the cache', ({ cache }) => cache.clear()],
]

function fences(connect: () => Store): void {
  it.each(overtaking)('a load that %s overtakes in another process is not kept', async (_, act) => {
    const [one, two] = createPair(connect)
    const gate = createGate<string>()
    const waiting = one.guard.get('a', gate.load)
    await expect.poll(() => gate.calls(), patiently).toBe(1)
    await act(two)
    expect(await two.guard.get('a', () => 'fresh')).toBe('fresh')
    gate.open('old')
    expect(await waiting).toBe('old')
    for (const { guard } of [one, two]) expect(await guard.get('a', () => 'again')).toBe('fresh')
  })

  it.each(overtaking)(
    'a refresh that %s overtakes in another process is not kept',
    async (_, act) => {
      const [one, two] = createPair(connect, { early: 0.000_01 })
      await one.guard.set('a', 'older')
      await new Promise((resolve) => setTimeout(resolve, 5))
      const gate = createGate<string>()
      expect(await one.guard.get('a', gate.load)).toBe('older')
      await expect.poll(() => gate.calls(), patiently).toBe(1)
      await act(two)
      expect(await two.guard.get('a', () => 'fresh')).toBe('fresh')
      gate.open('old')
      await one.guard.close()
      expect(await two.guard.peek('a')).toMatchObject({ value: 'fresh' })
    },
  )

  it('a set in another process is not replaced by a load from before it', async () => {
    const [one, two] = createPair(connect)
    const gate = createGate<string>()
    const waiting = one.guard.get('a', gate.load)
    await expect.poll(() => gate.calls(), patiently).toBe(1)
    await two.guard.set('a', 'set')
    gate.open('old')
    expect(await waiting).toBe('old')
    expect(await one.guard.get('a', () => 'again')).toBe('set')
  })

  it('loads of two processes that load for themselves are fenced alike', async () => {
    const [one, two] = createPair(connect, { scope: 'process' })
    const gate = createGate<string>()
    const waiting = [one, two].map(({ guard }) => guard.get('a', gate.load))
    await expect.poll(() => gate.calls(), patiently).toBe(2)
    await one.guard.delete('a')
    gate.open('old')
    expect(await Promise.all(waiting)).toEqual(['old', 'old'])
    expect(await two.guard.get('a', () => 'fresh')).toBe('fresh')
  })
}

function invalidates(connect: () => Store): void {
  it('tags that one process invalidates are invalid in every other', async () => {
    const [one, two] = createPair(connect, { tags: ['red', 'blue'] })
    await one.guard.get('a', () => 'old')
    await one.guard.get('b', () => 'other', { tags: ['green'] })
    expect(await two.guard.get('a', () => 'unused')).toBe('old')
    await one.guard.invalidateTags(['blue'])
    await expect.poll(() => two.guard.peek('a'), patiently).toEqual({ hit: false })
    expect(await two.guard.get('a', () => 'fresh')).toBe('fresh')
    expect(await one.guard.get('a', () => 'unused')).toBe('fresh')
    expect(await two.guard.get('b', () => 'unused')).toBe('other')
  })

  it('a load under way when its tag is invalidated in another process is not served afterwards', async () => {
    const [one, two] = createPair(connect, { tags: ['red'] })
    const gate = createGate<string>()
    const waiting = one.guard.get('a', gate.load)
    await expect.poll(() => gate.calls(), patiently).toBe(1)
    await two.guard.invalidateTags(['red'])
    gate.open('old')
    expect(await waiting).toBe('old')
    expect(await two.guard.get('a', () => 'fresh')).toBe('fresh')
    expect(await two.guard.peek('a')).toMatchObject({ value: 'fresh' })
  })

  it('a tag that a loader gives itself is invalidated from before its load on', async () => {
    const [one, two] = createPair(connect)
    const gate = createGate<string>()
    const waiting = one.guard.get('a', async (context) => {
      const value = await gate.load()
      context.setTags(['late'])
      return value
    })
    await expect.poll(() => gate.calls(), patiently).toBe(1)
    await two.guard.invalidateTags(['late'])
    gate.open('old')
    expect(await waiting).toBe('old')
    expect(await two.guard.peek('a')).toEqual({ hit: false })
  })

  it('values that are stale by a tag are served while one process loads them anew', async () => {
    const [one, two] = createPair(connect, { tags: ['red'], staleWhileRevalidate: '1m' })
    await one.guard.get('a', () => 'old')
    await one.guard.invalidateTags(['red'], 'stale')
    await expect.poll(() => two.guard.peek('a'), patiently).toMatchObject({ stale: true })
    const gate = createGate<string>()
    expect(await two.guard.get('a', gate.load)).toBe('old')
    await expect.poll(() => gate.calls(), patiently).toBe(1)
    gate.open('new')
    await expect
      .poll(() => one.guard.peek('a'), patiently)
      .toMatchObject({ value: 'new', stale: false })
  })

  it('many keys are read at once, and what is missing in two processes is loaded by one', async () => {
    const [one, two] = createPair(connect)
    await one.guard.set('a', 1)
    const asked: string[] = []
    const load = async (keys: readonly string[]) => {
      asked.push(...keys)
      await turns()
      return new Map(keys.map((key) => [key, key === 'd' ? new Error('no d') : key]))
    }
    const keys = ['a', 'b', 'c', 'd']
    const [found, other] = await Promise.all([
      one.guard.getMany(keys, load),
      two.guard.getMany(['c', 'b', 'a'], load),
    ])
    const values = { a: 1, b: 'b', c: 'c' }
    expect([Object.fromEntries(found.values), Object.fromEntries(other.values)]).toEqual([
      values,
      values,
    ])
    expect([...found.errors.keys()]).toEqual(['d'])
    expect(asked.toSorted()).toEqual(['b', 'c', 'd'])
  })
}
