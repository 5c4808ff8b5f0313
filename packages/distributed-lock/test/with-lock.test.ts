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
    expect(log).toEqual(['start 7', 'start 8', 'end 7', 'end 8', 'start 7', 'end 7'])
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
