import { httpApps } from '@sluice/testkit'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createLocksBy } from '../src/create-locks.ts'
import { lockRequest as expressLock } from '../src/express.ts'
import type { Locks } from '../src/index.ts'
import { lockRequest as koaLock } from '../src/koa.ts'
import { fixture, rejection } from './fixture.ts'
import { settled } from './manual-time.ts'

const refusal = {
  code: 'SLUICE_LOCK_NOT_REPLICATED',
  status: 503,
  cause: { reason: 'not-replicated' },
}

/** Locks of a store that applies, and has too few replicas. */
const alone = () => fixture('not-replicated')

describe('a grant that too few replicas have', () => {
  it.each<[string, (locks: Locks) => Promise<unknown>]>([
    ['acquire', (locks) => locks.acquire('a')],
    ['acquire without a wait', (locks) => locks.acquire('a', { wait: 0 })],
    ['acquire by backoff', (locks) => locks.acquire('a', { retry: {} })],
    ['tryAcquire', (locks) => locks.tryAcquire('a')],
    ['run', (locks) => locks.run('a', () => expect.unreachable())],
    ['a semaphore', (locks) => locks.semaphore('a', 3).acquire()],
  ])('is refused by %s, asked for once, and given back', async (_, ask) => {
    const { locks, calls, failAlways } = alone()
    failAlways('acquire', 'lost-reply')
    expect(await rejection(ask(locks))).toMatchObject({ ...refusal, lockName: 'a' })
    await settled()
    expect(calls).toEqual(['acquire', 'release'])
    const { held } = await locks.inspect('a')
    expect([held, (await locks.semaphore('a', 3).inspect()).held]).toEqual([false, false])
  })

  it('of several names is refused, asked for once, and all are given back', async () => {
    const { locks, calls, failAlways } = alone()
    failAlways('acquireAll', 'lost-reply')
    const error = await rejection(locks.acquireAll(['b', 'a']))
    expect(error).toMatchObject({ ...refusal, lockName: 'a, b' })
    await settled()
    expect(calls).toEqual(['acquireAll', 'release', 'release'])
    for (const name of ['a', 'b']) expect(await locks.inspect(name)).toMatchObject({ held: false })
  })

  it('in the line is refused when the waiter confirms it, and the next one is served', async () => {
    const { locks, fail, time } = alone()
    const holder = await locks.acquire('a')
    const waiting = rejection(locks.acquire('a'))
    await settled()
    const next = locks.acquire('a')
    await settled()
    fail('acquire', 'lost-reply')
    await holder.release()
    await time.advance(10)
    expect(await waiting).toMatchObject(refusal)
    ;(await next).assertHeld()
  })

  it.each(httpApps)('answers a request with 503: $name', async ({ create }) => {
    const { locks, failAlways } = alone()
    failAlways('acquire', 'lost-reply')
    const app = create({
      express: [expressLock({ locks, key: 'a' })],
      koa: [koaLock({ locks, key: 'a' })],
      routes: { 'GET /': () => 'in' },
    })
    const { headers } = await request(app.listener).get('/').expect(503)
    expect(headers).toHaveProperty('retry-after', '1')
  })
})

it('memory has no replicas: nobody is given a lock that must be on one', async () => {
  const { cache, time } = fixture()
  const locks = createLocksBy(time, { cache, replicas: 1 })
  expect(await rejection(locks.acquire('a'))).toMatchObject(refusal)
  expect(await locks.inspect('a')).toMatchObject({ held: false, fence: undefined })
})
