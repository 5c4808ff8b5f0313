import { describe, expect, it } from 'vitest'
import { LockBusyError, LockLostError, LockTimeoutError, withLock } from '../src/index.ts'
import { fixture, rejection } from './fixture.ts'

interface Job {
  readonly data: { readonly orderId: number }
}

const job: Job = { data: { orderId: 7 } }
const key = ({ data }: Job): string => `order:${data.orderId}`

describe('a handler with a lock', () => {
  it('is given its arguments and resolves to its result', async () => {
    const { locks } = fixture()
    const ship = withLock(locks, { key }, async (order: Job, attempt: number) => {
      expect(await locks.inspect('order:7')).toMatchObject({ held: true })
      return `${order.data.orderId}/${attempt}`
    })
    expect(await ship(job, 2)).toBe('7/2')
    expect(await locks.inspect('order:7')).toMatchObject({ held: false })
  })

  it('has as many parameters as before, for who counts them', () => {
    const { locks } = fixture()
    const three = (_job: Job, _token: string, _signal: AbortSignal): void => undefined
    expect(withLock(locks, { key }, three)).toHaveLength(3)
    expect(withLock(locks, { key: 'a' }, () => 42)).toHaveLength(0)
  })

  it('may have one name for all its calls', async () => {
    const { locks } = fixture()
    const nightly = withLock(locks, { key: 'nightly' }, () => locks.inspect('nightly'))
    expect(await nightly()).toMatchObject({ held: true })
  })

  it('takes turns by key', async () => {
    const { locks, time } = fixture()
    const log: string[] = []
    const ship = withLock(locks, { key }, async ({ data }: Job) => {
      log.push(`start ${data.orderId}`)
      await time.sleep(50)
      log.push(`end ${data.orderId}`)
    })
    const all = Promise.all([ship(job), ship({ data: { orderId: 8 } }), ship(job)])
    await time.advance(2000)
    await all
    expect(log.filter((line) => line.endsWith('7'))).toEqual(
      ['start 7', 'end 7', 'start 7', 'end 7'], // one after the other
    )
    expect(log.indexOf('start 8')).toBe(1)
  })

  it('waits for a held lock, for as long as it was told', async () => {
    const { locks, time } = fixture()
    await locks.acquire('order:7')
    const ship = withLock(locks, { key, wait: '1s' }, ({ data }: Job) => `shipped ${data.orderId}`)
    const shipping = rejection(ship(job))
    await time.advance(1000)
    expect(await shipping).toBeInstanceOf(LockTimeoutError)
  })

  it('is retried as it was told', async () => {
    const { locks, time } = fixture()
    await locks.acquire('order:7')
    const ship = withLock(
      locks,
      { key, retry: { attempts: 2 } },
      ({ data }: Job) => `shipped ${data.orderId}`,
    )
    const shipping = rejection(ship(job))
    await time.advance(100)
    expect(await shipping).toMatchObject({ attempts: 2 })
  })

  it('is skipped when the lock is held', async () => {
    const { locks } = fixture()
    const held = await locks.acquire('order:7')
    const ship = withLock(
      locks,
      { key, onBusy: 'skip' },
      ({ data }: Job) => `shipped ${data.orderId}`,
    )
    expect(await ship(job)).toBeUndefined()
    await held.release()
    expect(await ship(job)).toBe('shipped 7')
  })

  it('rejects at once when the lock is held', async () => {
    const { locks } = fixture()
    await locks.acquire('order:7')
    const ship = withLock(
      locks,
      { key, onBusy: 'throw' },
      ({ data }: Job) => `shipped ${data.orderId}`,
    )
    expect(await rejection(ship(job))).toBeInstanceOf(LockBusyError)
  })

  it('has the ttl that it was given, whatever it does when the lock is held', async () => {
    const { locks } = fixture()
    for (const onBusy of ['wait', 'skip', 'throw'] as const) {
      const look = withLock(locks, { key: 'a', ttl: '5m', onBusy }, () => locks.inspect('a'))
      expect(await look()).toMatchObject({ remainingMs: 300_000 })
    }
  })

  it('rejects with its own error, and with a lost lease that carries its result', async () => {
    const { locks, time } = fixture()
    const error = new Error('of the handler')
    const fail = withLock(locks, { key: 'a' }, () => Promise.reject(error))
    expect(await rejection(fail())).toBe(error)
    const late = withLock(locks, { key: 'a', onBusy: 'skip' }, async () => {
      time.block(30_000)
      return 42
    })
    const lost = await rejection(late())
    expect(lost).toBeInstanceOf(LockLostError)
    expect(lost).toMatchObject({ value: 42 })
  })

  it('rejects when the key cannot be made', async () => {
    const { locks } = fixture()
    const empty = withLock(locks, { key: () => '' }, () => 42)
    await expect(empty()).rejects.toMatchObject({ code: 'SLUICE_KEY' })
    const broken = withLock(
      locks,
      { key: ({ data }: Job) => String(data.orderId) },
      (late: Job) => late,
    )
    // @ts-expect-error a queue may deliver what no type foresaw
    await expect(broken({})).rejects.toThrow(TypeError)
  })
})

describe('a busy lock that a function answers for', () => {
  const busyFor = { name: 'order:7', remainingMs: 29_000 }

  it('is told with what the handler would have been given, and says what comes of the call', async () => {
    const { locks, time } = fixture()
    const held = await locks.acquire('order:7')
    time.block(1000)
    const ship = withLock(
      locks,
      { key, onBusy: (busy, order, attempt) => ({ ...busy, order, attempt }) },
      async (order: Job, attempt: number) => `${order.data.orderId}/${attempt}`,
    )
    expect(await ship(job, 2)).toEqual({ ...busyFor, order: job, attempt: 2 })
    await held.release()
    expect(await ship(job, 3)).toBe('7/3')
  })

  it('may be refused with an error of the caller’s own', async () => {
    const { locks } = fixture()
    await locks.acquire('order:7')
    const delayed = new Error('put back into the queue')
    const onBusy = (): Promise<never> => Promise.reject(delayed)
    const ship = withLock(locks, { key, onBusy }, ({ data }: Job) => data.orderId)
    expect(await rejection(ship(job))).toBe(delayed)
  })

  it('is not what a store is that does not answer, nor a lock inside the handler', async () => {
    const { locks, failAlways } = fixture()
    const onBusy = (): string => 'busy'
    const inner = withLock(locks, { key: 'order:7', onBusy: 'throw' }, () => 42)
    const outer = withLock(locks, { key, onBusy }, (_job: Job) => inner())
    expect(await rejection(outer(job))).toBeInstanceOf(LockBusyError)
    failAlways('acquire', 'lost-request')
    expect(await rejection(outer(job))).toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
  })
})

describe('the AbortSignal of a job', () => {
  it('aborts in the handler with the job’s own, for its reason', async () => {
    const { locks } = fixture()
    const cancel = new AbortController()
    const reason = new Error('cancelled')
    const seen: unknown[] = []
    const ship = withLock(locks, { key }, async (_job: Job, signal: AbortSignal) => {
      seen.push(signal.aborted)
      cancel.abort(reason)
      seen.push(signal.reason)
    })
    await ship(job, cancel.signal)
    expect(seen).toEqual([false, reason])
  })

  it('aborts in the handler when the lock is lost', async () => {
    const { locks, time, failAlways } = fixture()
    const { signal } = new AbortController()
    const ship = withLock(locks, { key }, async (_job: Job, own?: AbortSignal) => {
      failAlways('extend', 'lost-request')
      await time.advance(30_000)
      return own?.reason
    })
    const lost = await rejection(ship(job, signal))
    expect(lost).toBeInstanceOf(LockLostError)
    expect(lost).toMatchObject({ value: { code: 'SLUICE_LOCK_LOST', reason: 'deadline' } })
    expect(signal.aborted).toBe(false)
  })

  it('ends the wait for the lock, and leaves nothing behind', async () => {
    const { locks, time } = fixture()
    const held = await locks.acquire('order:7')
    const cancel = new AbortController()
    const reason = new Error('cancelled')
    let ran = false
    const ship = withLock(
      locks,
      { key },
      (_job: Job, signal: AbortSignal) => (ran = !signal.aborted),
    )
    const shipping = rejection(ship(job, cancel.signal))
    cancel.abort(reason)
    expect(await shipping).toBe(reason)
    await held.release()
    await time.advance(1000)
    expect(ran).toBe(false)
    expect(await locks.inspect('order:7')).toMatchObject({ held: false })
  })

  it('that has aborted before takes no lock, whatever happens to a busy one', async () => {
    const { locks, calls } = fixture()
    const reason = new Error('cancelled')
    for (const onBusy of ['wait', 'skip', 'throw', () => 'busy'] as const) {
      const options = { key, onBusy } as { key: typeof key; onBusy: 'wait' }
      const ship = withLock(locks, options, (_job: Job, signal: AbortSignal) => signal.aborted)
      expect(await rejection(ship(job, AbortSignal.abort(reason)))).toBe(reason)
    }
    expect(calls).toEqual([])
  })

  it('that lives for long gathers no listeners of the calls that are over', async () => {
    const { locks } = fixture()
    const shutdown = new AbortController()
    const count = countListeners(shutdown.signal)
    const options = { key, signal: shutdown.signal }
    const ship = withLock(locks, options, (_job: Job, signal: AbortSignal) => signal.aborted)
    for (let call = 0; call < 3; call++) await ship(job, shutdown.signal)
    await locks.acquire('order:7')
    await rejection(withLock(locks, { ...options, onBusy: 'throw' }, (_job: Job) => 42)(job))
    expect(count()).toBe(0)
  })

  it('of the options ends the wait and leaves the handler alone', async () => {
    const { locks } = fixture()
    const shutdown = new AbortController()
    const options = { key, signal: shutdown.signal }
    const ship = withLock(locks, options, (_job: Job, signal: AbortSignal) => {
      shutdown.abort(new Error('closing'))
      return signal.aborted
    })
    expect(await ship(job, new AbortController().signal)).toBe(false)
    expect(await rejection(ship(job, new AbortController().signal))).toMatchObject({
      message: 'closing',
    })
  })
})

/** How many listeners a signal has that were not removed. */
function countListeners(signal: AbortSignal): () => number {
  const listeners = new Set<unknown>()
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = function add(...args: Parameters<typeof addEventListener>) {
    listeners.add(args[1])
    addEventListener.apply(signal, args)
  }
  signal.removeEventListener = function remove(...args: Parameters<typeof removeEventListener>) {
    listeners.delete(args[1])
    removeEventListener.apply(signal, args)
  }
  return () => listeners.size
}
