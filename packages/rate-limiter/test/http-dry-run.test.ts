import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { httpApps } from '@sluice/testkit'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createRateLimiter, type Decision } from '../src/index.ts'
import { setUp, type AnyRequest } from './limited-app.ts'

const channel = 'sluice:rate-limiter:failure'
const failures: unknown[] = []
const note = (message: unknown): void => void failures.push(message)
afterEach(() => {
  unsubscribe(channel, note)
  failures.length = 0
})

describe.each(httpApps)('in $name', (factory) => {
  const hook = () =>
    vi.fn<(request: AnyRequest, decision: Decision) => void | Promise<void>>(() => undefined)

  it('a hook is told of each refusal once, with its request and decision', async () => {
    const onLimited = hook()
    const { get } = setUp(factory, { limit: 1, onLimited })
    await get().expect(200)
    expect(onLimited).not.toHaveBeenCalled()
    await get().expect(429)
    await get('/decision').expect(429)
    expect(
      onLimited.mock.calls.map(([{ path }, { retryAfterMs }]) => [path, retryAfterMs]),
    ).toEqual([
      ['/', 120_000],
      ['/decision', 120_000],
    ])
  })

  it('a hook that fails or never ends is the client’s no matter', async () => {
    subscribe(channel, note)
    const error = new Error('the log is full')
    for (const onLimited of [
      () => {
        throw error
      },
      () => Promise.reject(error),
      () => new Promise<void>(() => undefined),
    ]) {
      const { get, app } = setUp(factory, { limit: 1, onLimited })
      await get().expect(200)
      await get().expect(429)
      expect(app.errors).toEqual([])
    }
    const failure = { verb: 'onLimited', instead: 'ignored', error }
    expect(failures).toEqual([failure, failure])
  })

  it('a dry run decides, counts and tells, and refuses nobody', async () => {
    const onLimited = hook()
    const { get, cache } = setUp(factory, { name: 'dry', limit: 1, dryRun: true, onLimited })
    for (const allowed of [true, false, false]) {
      const { body, headers } = await get('/decision').expect(200)
      expect(body).toMatchObject({ allowed, source: 'store' })
      expect(Object.keys(headers).filter((name) => /ratelimit|retry/.test(name))).toEqual([])
    }
    expect(onLimited).toHaveBeenCalledTimes(2)
    const limiter = createRateLimiter({ cache, name: 'dry', limit: 1, window: '1m' })
    expect(await limiter.peek('127.0.0.1')).toMatchObject({ remaining: 0 })
  })

  it('a dry run lets pass whom it would refuse for another reason, too', async () => {
    await setUp(factory, { dryRun: true, deny: ['127.0.0.1'] })
      .get()
      .expect(200)

    const full = createCache({ store: memoryStore({ maxState: 1 }) })
    await createRateLimiter({ cache: full, limit: 1, window: '1d' }).consume('the one that fits')
    const closed = { cache: full, dryRun: true, onStoreError: 'closed' } as const
    await setUp(factory, closed).get().expect(200)

    subscribe(channel, note)
    const error = new Error('no such user')
    const key = (): never => {
      throw error
    }
    const { get, app } = setUp(factory, { dryRun: true, key })
    await get().expect(200)
    expect(app.errors).toEqual([])
    expect(failures).toEqual([{ verb: 'dryRun', instead: 'open', error }])
  })

  it('what the handler throws after a dry run is not taken for a failure of it', async () => {
    const { get, app } = setUp(factory, { dryRun: true })
    await get('/failing').expect(500)
    expect(app.errors).toMatchObject([{ message: 'the handler failed' }])
  })
})
