import { channel } from 'node:diagnostics_channel'
import type { AbsorbedFailure } from '@sluice/core/extend'
import { describe, expect, it, onTestFinished } from 'vitest'
import { currentLock } from '../src/current-lock.ts'
import type { Candidate, LeaderWork, LeadOptions } from '../src/index.ts'
import { fixture, rejection, type Fixture } from './fixture.ts'

/** Stands for election; a test that ends resigns. */
function stand({ locks }: Fixture, work: LeaderWork, options?: LeadOptions): Candidate {
  const candidate = locks.lead('boss', work, options)
  onTestFinished(() => void candidate.resign())
  return candidate
}

/** Leads until it is told to stop. */
const until = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

/** What is published of failures from now on. */
function hearFailures(): AbsorbedFailure[] {
  const seen: AbsorbedFailure[] = []
  const failures = channel('sluice:distributed-lock:failure')
  const hear = (message: unknown): void => void seen.push(message as AbsorbedFailure)
  failures.subscribe(hear)
  onTestFinished(() => {
    failures.unsubscribe(hear)
  })
  return seen
}

describe('an election', () => {
  it('makes one of many the leader, and the next one when it resigns', async () => {
    const fix = fixture()
    const candidates = Array.from({ length: 3 }, () => stand(fix, ({ signal }) => until(signal)))
    const leaders = () => candidates.filter(({ isLeader }) => isLeader)
    await fix.time.advance(1000)
    for (let left = candidates.length; left > 0; left--) {
      const [leader, ...others] = leaders()
      expect(others).toEqual([])
      await leader?.resign()
      expect(leader?.isLeader).toBe(false)
      await leader?.done
      await fix.time.advance(2000)
    }
    expect(leaders()).toEqual([])
    expect(await fix.locks.inspect('boss')).toMatchObject({ held: false })
    await fix.time.advance(60_000)
    expect(fix.time.timers()).toBe(0)
  })

  it('tells the leader its fence, which rises with every term, and is its current lock', async () => {
    const fix = fixture()
    const terms: [fence: number, current: number | undefined][] = []
    stand(fix, ({ name, fence, assertHeld }) => {
      assertHeld()
      terms.push([fence, currentLock(name)?.fence])
    })
    await fix.time.advance(5000)
    expect(terms.length).toBeGreaterThan(1)
    const fences = terms.map(([fence]) => fence)
    expect(fences).toEqual([...new Set(fences)].toSorted((a, b) => a - b))
    expect(terms.map(([, current]) => current)).toEqual(fences)
  })

  it('goes on with others when work returns: it steps down and stands again later', async () => {
    const fix = fixture()
    const log: string[] = []
    for (const name of ['a', 'b']) stand(fix, () => void log.push(name), { retryDelay: '1s' })
    await fix.time.advance(20_000)
    expect(log.filter((name) => name === 'a').length).toBeGreaterThan(3)
    expect(log.filter((name) => name === 'b').length).toBeGreaterThan(3)
  })

  it('is left by a signal, from outside too', async () => {
    const fix = fixture()
    const shutdown = new AbortController()
    const candidate = stand(fix, ({ signal }) => until(signal), { signal: shutdown.signal })
    const waiting = stand(fix, ({ signal }) => until(signal), { signal: shutdown.signal })
    await fix.time.advance(1)
    shutdown.abort(new Error('closing'))
    await Promise.all([candidate.done, waiting.done])
    expect(await fix.locks.inspect('boss')).toMatchObject({ held: false })
    const late = stand(fix, () => undefined, { signal: shutdown.signal })
    await late.done
    await fix.time.advance(60_000)
    expect(fix.time.timers()).toBe(0)
  })

  it('is left by leaving the block', async () => {
    const fix = fixture()
    const [candidate] = await (async () => {
      await using one = stand(fix, ({ signal }) => until(signal))
      await fix.time.advance(1)
      expect(one.isLeader).toBe(true)
      return [one]
    })()
    expect(candidate.isLeader).toBe(false)
    expect(await fix.locks.inspect('boss')).toMatchObject({ held: false })
  })
})

describe('a leader', () => {
  it('keeps the lock until its work has ended, when it resigns', async () => {
    const fix = fixture()
    const candidate = stand(fix, async ({ signal }) => {
      await until(signal)
      await fix.time.sleep(60_000)
    })
    await fix.time.advance(1)
    let isOver = false
    const resigning = candidate.resign().then(() => (isOver = true))
    expect(candidate.isLeader).toBe(false)
    await fix.time.advance(59_000)
    expect(isOver).toBe(false)
    expect(await fix.locks.inspect('boss')).toMatchObject({ held: true })
    await fix.time.advance(2000)
    await resigning
    expect(await fix.locks.inspect('boss')).toMatchObject({ held: false })
  })

  it('is told when its lease is lost, knows it at once, and stands again when the work has ended', async () => {
    const fix = fixture()
    const failures = hearFailures()
    let inside = 0
    const terms: unknown[] = []
    const candidate = stand(fix, async ({ signal }) => {
      expect(++inside).toBe(1)
      await until(signal)
      terms.push(signal.reason)
      inside--
      throw signal.reason
    })
    await fix.time.advance(1)
    fix.time.block(30_000)
    expect(candidate.isLeader).toBe(false)
    await fix.time.advance(5000)
    expect(terms).toMatchObject([{ code: 'SLUICE_LOCK_LOST', reason: 'deadline' }])
    expect(failures).toMatchObject([
      { verb: 'lead', instead: 'stands again', error: { code: 'SLUICE_LOCK_LOST' } },
    ])
    expect(candidate.isLeader).toBe(true)
  })

  it('that ends as it was told with an AbortError of its own has not failed', async () => {
    const fix = fixture()
    const failures = hearFailures()
    const candidate = stand(fix, async ({ signal }) => {
      await until(signal)
      throw new DOMException('of a library', 'AbortError')
    })
    await fix.time.advance(1)
    await candidate.resign()
    await candidate.done
    expect(failures).toEqual([])
  })

  it('whose work throws stands again, less often with each failure, and the error is published', async () => {
    const fix = fixture()
    const failures = hearFailures()
    const error = new Error('of the work')
    const at: number[] = []
    stand(fix, () => {
      at.push(fix.time.now().monotonicMs)
      throw error
    })
    for (let second = 0; second < 120; second++) await fix.time.advance(1000)
    const pauses = at.slice(1).map((ms, n) => ms - (at[n] ?? ms))
    expect(pauses.slice(0, 3).every((ms) => ms <= 5000)).toBe(true)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(31_000)
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(14_000)
    expect(failures[0]).toEqual({ verb: 'lead', instead: 'stands again', error })
  })
})

describe('a store that does not answer', () => {
  it('lets the candidate stand again until it does', async () => {
    const fix = fixture()
    const failures = hearFailures()
    fix.failAlways('acquire', 'lost-request')
    const candidate = stand(fix, ({ signal }) => until(signal))
    for (let second = 0; second < 60; second++) await fix.time.advance(1000)
    expect(candidate.isLeader).toBe(false)
    expect(failures[0]).toMatchObject({
      verb: 'lead',
      instead: 'stands again',
      error: { code: 'SLUICE_STORE_UNAVAILABLE' },
    })
    fix.failAlways('acquire', undefined)
    for (let second = 0; second < 31; second++) await fix.time.advance(1000)
    expect(candidate.isLeader).toBe(true)
  })

  it('does not keep a candidate from resigning', async () => {
    const fix = fixture()
    fix.failAlways('acquire', 'lost-request')
    fix.failAlways('release', 'lost-request')
    const candidate = stand(fix, ({ signal }) => until(signal))
    await fix.time.advance(5000)
    await candidate.resign()
  })
})

describe('a candidacy that can never succeed', () => {
  it('ends, says why to whom asks, and crashes nobody', async () => {
    const fix = fixture()
    const failures = hearFailures()
    const nameless = fix.locks.lead('', () => 42)
    expect(await rejection(nameless.done)).toMatchObject({ code: 'SLUICE_KEY' })
    expect(failures).toMatchObject([{ instead: 'given up', error: { code: 'SLUICE_KEY' } }])
    fix.locks.lead('', () => 42)
    await nameless.resign()
  })

  it('is refused at once where the options are wrong', () => {
    const { locks } = fixture()
    const make = (options: object) => () => locks.lead('boss', () => 42, options)
    expect(make({ retry: 1 })).toThrow('lead() has no option "retry"')
    expect(make({ retryDelay: 0 })).toThrow('"retryDelay"')
    expect(make({ ttl: '9d' })).toThrow('"ttl"')
    expect(make({ signal: {} })).toThrow('"signal"')
  })
})
