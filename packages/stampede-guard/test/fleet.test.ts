import { createCache, type Store } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import { createGuard, type Guard, type GuardOptions } from '@sluice/stampede-guard'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createGate, recordFailures, turns, type Gate } from './fixtures.ts'

// Nobody is woken by a timer, unless a test moves it.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Processes on one store, each of which may be made to wait before an operation. */
function createFleet(options: Partial<GuardOptions> = {}) {
  const clock = manualClock()
  const below = memoryStore({ clock })
  const open = (hold: (operation: string) => Promise<void> = async () => undefined): Guard => {
    const store: Store = {
      ...below,
      shared: true,
      get: (key) => below.get(key),
      run: async (operation, ...rest) => {
        await hold(operation.name)
        return below.run(operation, ...rest)
      },
    }
    const random = () => 1 - Number.EPSILON
    return createGuard({ cache: createCache({ store }), ttl: '1m', clock, random, ...options })
  }
  /** Both clocks: that of the store, and that of the timers. */
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms)
    await vi.advanceTimersByTimeAsync(ms)
    await turns()
  }
  return { open, clock, advance, below }
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await turns()
}

it.each([
  ['before it asks', 'stampede-guard.claim'],
  ['before it takes its turn', 'stampede-guard.mark'],
])('an entry that another process refreshes %s is not refreshed again', async (_, slow) => {
  const { open, clock } = createFleet({ lease: '1m' })
  const one = open()
  let asked = 0
  const held = createGate<void>()
  const late = open(async (operation) => {
    if (operation !== slow) return
    asked++
    await held.load()
  })
  await one.get('a', () => (clock.advance('5s'), 'old'))
  clock.advance('59s')
  let loads = 0
  const load = () => ++loads
  expect(await late.get('a', load)).toBe('old')
  await settle()
  expect(asked).toBe(1)
  expect(await one.get('a', load)).toBe('old')
  await settle()
  expect(await one.peek('a')).toMatchObject({ value: 1 })
  held.open()
  await settle()
  expect(loads).toBe(1)
})

it('a load that takes longer than its lease keeps it', async () => {
  const { open, advance } = createFleet({ lease: '1s' })
  const [one, two] = [open(), open()]
  const gate = createGate<string>()
  const loading = one.get('a', gate.load)
  await settle()
  const waiting = two.get('a', gate.load)
  for (let tick = 0; tick < 50; tick++) await advance(100)
  expect(gate.calls()).toBe(1)
  gate.open('loaded')
  await settle()
  expect([await loading, await waiting]).toEqual(['loaded', 'loaded'])
})

it('a process that has lost its lease does not write over what came after it', async () => {
  const { open, clock } = createFleet({ lease: '1s' })
  const [frozen, two] = [open(), open()]
  const gate = createGate<string>()
  const loading = frozen.get('a', gate.load)
  await settle()
  clock.advance('2s')
  expect(await two.get('a', () => 'taken over')).toBe('taken over')
  gate.open('late')
  expect(await loading).toBe('late')
  expect(await two.get('a', () => 'unused')).toBe('taken over')
})

it('whoever waits hears of a failure at once, and then loads without waiting for another', async () => {
  const { open } = createFleet()
  const [one, two, three] = [open(), open(), open()]
  const failing = createGate<string>()
  const failed = one.get('a', failing.load).catch((error: Error) => error.message)
  await settle()
  const gate = createGate<string>()
  const waiting = [two.get('a', gate.load), three.get('a', gate.load)]
  await settle()
  expect(gate.calls()).toBe(0)
  failing.fail(new Error('source is down'))
  await settle()
  expect(gate.calls()).toBe(2)
  gate.open('loaded')
  expect(await Promise.all([failed, ...waiting])).toEqual(['source is down', 'loaded', 'loaded'])
})

it('whoever waits hears at once of what was loaded', async () => {
  const { open } = createFleet()
  const [one, two] = [open(), open()]
  const gate = createGate<string>()
  const asked = [one.get('a', gate.load)]
  await settle()
  asked.push(two.get('a', gate.load))
  await settle()
  gate.open('loaded')
  expect(await Promise.all(asked)).toEqual(['loaded', 'loaded'])
})

it('a refresh that has failed in one process is not tried by another before its time', async () => {
  recordFailures()
  const { open, clock } = createFleet({ staleWhileRevalidate: '1h', retryAfter: '10s' })
  const guards = [open(), open(), open()]
  await guards[0]?.get('a', () => 'old')
  clock.advance('2m')
  let tries = 0
  const failing = () => Promise.reject(new Error(`try ${++tries}`))
  for (const guard of guards) {
    expect(await guard.get('a', failing)).toBe('old')
    await settle()
  }
  expect(tries).toBe(1)
  clock.advance('10s')
  expect(await guards[1]?.get('a', failing)).toBe('old')
  await settle()
  expect(tries).toBe(2)
})

it('with a stale value for errors, whoever waits gets it when the load of another process fails', async () => {
  recordFailures()
  const { open, clock } = createFleet({ staleIfError: '1h' })
  const [one, two] = [open(), open()]
  await one.get('a', () => 'old')
  clock.advance('2m')
  const failing = createGate<string>()
  const asked = [one.get('a', failing.load)]
  await settle()
  asked.push(two.get('a', failing.load))
  await settle()
  failing.fail(new Error('source is down'))
  expect(await Promise.all(asked)).toEqual(['old', 'old'])
  expect(failing.calls()).toBe(1)
})

it('loads of processes that load for themselves do not end with one that fails', async () => {
  const { open } = createFleet({ scope: 'process' })
  const [one, two] = [open(), open()]
  const gate = createGate<string>()
  const failing = createGate<string>()
  const failed = one.get('a', failing.load).catch(() => 'failed')
  await settle()
  const loading = two.get('a', gate.load)
  await settle()
  failing.fail(new Error('source is down'))
  await settle()
  gate.open('loaded')
  expect([await failed, await loading]).toEqual(['failed', 'loaded'])
  expect(await one.get('a', () => 'unused')).toBe('loaded')
})

it('an entry whose refresh has failed is loaded once by all who may not be served it', async () => {
  recordFailures()
  const { open, clock } = createFleet({ staleWhileRevalidate: '1m', retryAfter: '10s' })
  const [one, two, three] = [open(), open(), open()]
  await one.get('a', () => 'old')
  clock.advance('110s')
  expect(await one.get('a', () => Promise.reject(new Error('source is down')))).toBe('old')
  await settle()
  // Their window is over, and the entry is still there.
  const gate = createGate<string>()
  const options = { staleWhileRevalidate: '1s' } as const
  const waiting = [two, three].map((guard) => guard.get('a', gate.load, options))
  await settle()
  gate.open('new')
  await settle()
  expect(await Promise.all(waiting)).toEqual(['new', 'new'])
  expect(gate.calls()).toBe(1)
})

it.each([
  ['refreshes', (gate: Gate<string>) => void gate],
  ['has failed', (gate: Gate<string>) => gate.fail(new Error('source is down'))],
])('hits in a stale window ask once while another process %s', async (_, meanwhile) => {
  recordFailures()
  const { open, clock, advance } = createFleet({
    staleWhileRevalidate: '1h',
    lease: '1s',
    retryAfter: '1s',
  })
  let asked = 0
  const one = open()
  const two = open(async (operation) => {
    if (operation === 'stampede-guard.claim') asked++
  })
  await one.get('a', () => 'old')
  clock.advance('2m')
  const gate = createGate<string>()
  expect(await one.get('a', gate.load)).toBe('old')
  await settle()
  meanwhile(gate)
  await settle()
  const hit = async () => {
    expect(await two.get('a', () => 'new')).toBe('old')
    await settle()
  }
  for (let hits = 0; hits < 20; hits++) await hit()
  expect(asked).toBe(1)
  // When that is over it asks again.
  await advance(1001)
  await two.get('a', () => 'new')
  await settle()
  expect(asked).toBe(2)
})

it('whoever has not waited for a minute is not told of the loads of others, until it waits again', async () => {
  const { open, advance, below } = createFleet()
  const { subscribe } = below
  let listening = 0
  vi.spyOn(below, 'subscribe').mockImplementation((channel, listener) => {
    listening++
    const subscription = subscribe(channel, listener)
    return { ...subscription, close: () => (listening--, subscription.close()) }
  })
  const [one, two] = [open(), open()]
  const waitFor = async (key: string): Promise<void> => {
    const gate = createGate<string>()
    const asked = [one.get(key, gate.load)]
    await settle()
    asked.push(two.get(key, gate.load))
    await settle()
    gate.open('loaded')
    expect(await Promise.all(asked)).toEqual(['loaded', 'loaded'])
  }
  await waitFor('a')
  await advance(31_000)
  expect(listening).toBe(1)
  await waitFor('b')
  await advance(31_000)
  expect(listening).toBe(1)
  await advance(30_000)
  expect(listening).toBe(0)
  await waitFor('c')
  expect(listening).toBe(1)
})
