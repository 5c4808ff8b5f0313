import { describe, expect, it, vi } from 'vitest'
import type { LoadContext } from '@sluice/stampede-guard'
import { createBench, createGate, recordFailures, turns } from './fixtures.ts'

const down = (): never => {
  throw new Error('source is down')
}

describe('within staleWhileRevalidate', () => {
  it('a stale value is served at once and refreshed once behind it', async () => {
    const { guard, clock } = createBench({ ttl: '1m', staleWhileRevalidate: '1m' })
    await guard.get('a', () => 'old')
    clock.advance('90s')
    const gate = createGate<string>()
    const hits = [guard.get('a', gate.load), guard.get('a', gate.load)]
    expect(await Promise.all(hits)).toEqual(['old', 'old'])
    await turns()
    expect(await guard.get('a', gate.load)).toBe('old')
    expect(await guard.peek('a')).toMatchObject({ hit: true, stale: true, ageMs: 90_000 })
    gate.open('new')
    await turns()
    expect(await guard.get('a', gate.load)).toBe('new')
    expect(gate.calls()).toBe(1)
  })

  it('after the window callers wait for a load, and the store keeps nothing', async () => {
    const { guard, clock, cache } = createBench({ ttl: '1m', staleWhileRevalidate: '1m' })
    await guard.get('a', () => 'old')
    expect(await cache.ttl('a')).toBe(120_000)
    clock.advance('2m')
    expect(await cache.has('a')).toBe(false)
    expect(await guard.get('a', () => 'new')).toBe('new')
  })

  it('refreshes that fail are tried again after a while, counted from the failure, until the window ends', async () => {
    recordFailures()
    const { guard, clock } = createBench({
      ttl: '1m',
      staleWhileRevalidate: '1m',
      retryAfter: '10s',
    })
    await guard.get('a', () => 'old')
    clock.advance('1m')
    let tries = 0
    const failing = (): never => (tries++, down())
    const triesAfter = async (ms: number) => {
      clock.advance(ms)
      expect(await guard.get('a', failing)).toBe('old')
      await turns()
      return tries
    }
    expect([await triesAfter(1), await triesAfter(9000), await triesAfter(999)]).toEqual([1, 1, 1])
    expect([await triesAfter(1), await triesAfter(40_000)]).toEqual([2, 3])
    clock.advance(9999)
    await expect(guard.get('a', failing)).rejects.toThrow('source is down')
  })
})

describe('within staleIfError', () => {
  const options = { ttl: '1m', staleIfError: '1h', retryAfter: '10s' } as const

  it('callers wait for the load, and get the stale value when it fails', async () => {
    const failures = recordFailures()
    const { guard, clock } = createBench(options)
    await guard.get('a', () => 'old')
    clock.advance('2m')
    expect(await guard.get('a', () => 'new')).toBe('new')
    clock.advance('2m')
    expect(await guard.get('a', down)).toBe('new')
    expect(failures).toMatchObject([{ verb: 'load', instead: 'stale' }])
  })

  it('after a failure the stale value is served without a try, for as long as retryAfter says', async () => {
    recordFailures()
    const { guard, clock } = createBench(options)
    await guard.get('a', () => 'old')
    clock.advance('2m')
    let tries = 0
    const failing = (): never => (tries++, down())
    for (let call = 0; call < 5; call++) expect(await guard.get('a', failing)).toBe('old')
    expect(tries).toBe(1)
    clock.advance('10s')
    expect(await guard.get('a', () => 'new')).toBe('new')
  })

  it('a source that stays down does not make the value immortal', async () => {
    recordFailures()
    const { guard, clock } = createBench(options)
    await guard.get('a', () => 'old')
    for (let minute = 0; minute < 60; minute++) {
      clock.advance('1m')
      expect(await guard.get('a', down)).toBe('old')
    }
    clock.advance('1m')
    await expect(guard.get('a', down)).rejects.toThrow('source is down')
  })

  it('a caller who is told no within the window of another call gets what that call allows', async () => {
    recordFailures()
    const { guard, clock } = createBench(options)
    await guard.get('a', () => 'old')
    clock.advance('2m')
    const strict = guard.get('a', down, { staleIfError: 1 })
    await expect(strict).rejects.toThrow('source is down')
  })
})

describe('timeouts', () => {
  it('after the soft timeout the stale value is served, and what the load brings is kept', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { guard, clock } = createBench({ ttl: '1m', staleIfError: '1h', softTimeout: 100 })
    await guard.get('a', () => 'old')
    clock.advance('2m')
    const gate = createGate<string>()
    const asked = guard.get('a', gate.load)
    await turns()
    vi.advanceTimersByTime(100)
    expect(await asked).toBe('old')
    gate.open('new')
    await turns()
    expect(await guard.get('a', gate.load)).toBe('new')
    expect(gate.calls()).toBe(1)
    vi.useRealTimers()
  })

  it('without a stale value the soft timeout changes nothing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { guard } = createBench({ softTimeout: 100 })
    const gate = createGate<string>()
    const asked = guard.get('a', gate.load)
    await turns()
    vi.advanceTimersByTime(10_000)
    gate.open('loaded')
    expect(await asked).toBe('loaded')
    vi.useRealTimers()
  })

  it('after the hard timeout callers are rejected, and ten who retry join the one load that goes on', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { guard } = createBench({ timeout: 30 })
    const gate = createGate<string>()
    for (let retry = 0; retry < 10; retry++) {
      const asked = guard.get('a', gate.load)
      await turns()
      vi.advanceTimersByTime(30)
      await expect(asked).rejects.toMatchObject({
        code: 'SLUICE_LOAD_TIMEOUT',
        status: 504,
        key: 'a',
        timeoutMs: 30,
      })
    }
    expect(gate.calls()).toBe(1)
    gate.open('late')
    await turns()
    expect(await guard.get('a', gate.load)).toBe('late')
    vi.useRealTimers()
  })
})

it('a timeout of months is none that is over at once', async () => {
  const { guard } = createBench({ timeout: '60d', softTimeout: '60d', staleIfError: '1h' })
  const gate = createGate<string>()
  const asked = guard.get('a', gate.load)
  await new Promise((resolve) => setTimeout(resolve, 5))
  gate.open('loaded')
  expect(await asked).toBe('loaded')
})

describe('a signal', () => {
  it('detaches its own caller, and the load goes on for the others', async () => {
    const { guard } = createBench()
    const gate = createGate<string>()
    const leaving = new AbortController()
    const gone = guard.get('a', gate.load, { signal: leaving.signal })
    const stays = guard.get('a', gate.load)
    await turns()
    leaving.abort(new Error('client is gone'))
    await expect(gone).rejects.toThrow('client is gone')
    gate.open('loaded')
    expect(await stays).toBe('loaded')
  })

  it('that has aborted before rejects at once, and nothing is loaded', async () => {
    const { guard } = createBench()
    const gate = createGate<string>()
    const asked = guard.get('a', gate.load, { signal: AbortSignal.abort(new Error('gone')) })
    await expect(asked).rejects.toThrow('gone')
    expect(gate.calls()).toBe(0)
  })

  it.each([false, true])(
    'when the last caller leaves, the load is aborted only if asked to be: %s',
    async (abortUnwanted) => {
      const { guard, cache } = createBench({ abortUnwanted })
      const gate = createGate<string>()
      let seen: AbortSignal | undefined
      const load = ({ signal }: LoadContext) => ((seen = signal), gate.load())
      const [one, two] = [new AbortController(), new AbortController()]
      const outcomes = Promise.allSettled([
        guard.get('a', load, { signal: one.signal }),
        guard.get('a', load, { signal: two.signal }),
      ])
      await turns()
      one.abort()
      await turns()
      expect(seen?.aborted).toBe(false)
      two.abort()
      await outcomes
      await turns()
      expect(seen?.aborted).toBe(abortUnwanted)
      // Whoever comes now joins no load that was told to stop.
      const next = guard.get('a', () => 'next')
      await turns()
      gate.open('first')
      expect(await next).toBe(abortUnwanted ? 'next' : 'first')
      expect(await cache.has('a')).toBe(true)
    },
  )

  it('is not aborted by a load that ends', async () => {
    const { guard } = createBench({ abortUnwanted: true, timeout: '1m' })
    let seen: AbortSignal | undefined
    await guard.get('a', ({ signal }) => ((seen = signal), 1))
    await turns()
    expect(seen?.aborted).toBe(false)
  })
})
