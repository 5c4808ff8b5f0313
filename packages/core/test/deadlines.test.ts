import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createBreaker } from '../src/redis/breaker.ts'
import { createDeadlines } from '../src/redis/deadlines.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const late = () => new Error('late')
const never = new Promise<never>(() => undefined)

it('a promise that settles in time is passed on as it is', async () => {
  const deadlines = createDeadlines()
  expect(await deadlines.race(Promise.resolve(7), 100, late)).toBe(7)
  await expect(deadlines.race(Promise.reject(new Error('own')), 100, late)).rejects.toThrow('own')
})

it('each call expires at its own time, in any mix of lengths', async () => {
  const deadlines = createDeadlines()
  const expired: string[] = []
  const start = (name: string, ms: number) =>
    void deadlines.race(never, ms, late).catch(() => expired.push(name))
  start('a 100', 100)
  start('b 30', 30)
  await vi.advanceTimersByTimeAsync(50)
  start('c 100', 100)
  expect(expired).toEqual(['b 30'])
  await vi.advanceTimersByTimeAsync(55)
  expect(expired).toEqual(['b 30', 'a 100'])
  await vi.advanceTimersByTimeAsync(60)
  expect(expired).toEqual(['b 30', 'a 100', 'c 100'])
})

it('calls that settled leave nothing behind, and one slow call does not hold the others up', async () => {
  const deadlines = createDeadlines()
  const slow = deadlines.race(never, 1000, late)
  slow.catch(() => undefined)
  for (let at = 0; at < 1000; at++) await deadlines.race(Promise.resolve(at), 1000, late)
  expect(vi.getTimerCount()).toBe(1)
  await vi.advanceTimersByTimeAsync(1100)
  await expect(slow).rejects.toThrow('late')
  expect(vi.getTimerCount()).toBe(0)
})

it('a reply is let go of as soon as its caller has it, though a slower call is still waited for', async () => {
  const deadlines = createDeadlines()
  deadlines.race(never, 1000, late).catch(() => undefined)
  const replies: WeakRef<object>[] = []
  const reply = () => {
    const value = { bytes: Buffer.alloc(1000) }
    replies.push(new WeakRef(value))
    return value
  }
  for (let at = 0; at < 50; at++) await deadlines.race(Promise.resolve(reply()), 1000, late)
  vi.useRealTimers()
  await expect
    .poll(() => {
      collectGarbage()
      return replies.filter((ref) => ref.deref() !== undefined).length
    })
    .toBeLessThan(5)
})

it('a reply that is already here beats a deadline that passed while the loop was blocked', async () => {
  vi.useRealTimers()
  const deadlines = createDeadlines()
  const { createServer, connect } = await import('node:net')
  const server = createServer((socket) => socket.write('reply')).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address() as { port: number }
  const socket = connect(address.port, '127.0.0.1')
  const reply = new Promise((resolve) => socket.once('data', resolve))
  await new Promise((resolve) => socket.once('connect', resolve))
  const racing = deadlines.race(reply, 20, late)
  const until = performance.now() + 80
  while (performance.now() < until);
  expect(String(await racing)).toBe('reply')
  socket.destroy()
  server.close()
  await sleep(1)
})

/** Keeps the loop busy in turns of 40 ms, as a burst of requests does. */
async function busyFor(totalMs: number): Promise<void> {
  const until = performance.now() + totalMs
  while (performance.now() < until) {
    const turn = performance.now() + 40
    while (performance.now() < turn);
    await new Promise((resolve) => setImmediate(resolve))
  }
}

it('a burst that keeps this process busy is no fault of the server: its time does not count', async () => {
  vi.useRealTimers()
  const deadlines = createDeadlines()
  const racing = deadlines.race(
    busyFor(300).then(() => 'reply'),
    20,
    late,
  )
  expect(await racing).toBe('reply')
})

it('but not for ever: a second more is all that a busy process gets', async () => {
  vi.useRealTimers()
  const deadlines = createDeadlines()
  const started = performance.now()
  const racing = deadlines.race(never, 20, late)
  racing.catch(() => undefined)
  await busyFor(1200)
  await expect(racing).rejects.toThrow('late')
  expect(performance.now() - started).toBeGreaterThan(1000)
})

it('the breaker opens after three failures in a row, and lets one probe a second through', () => {
  let nowMs = 0
  const breaker = createBreaker(() => nowMs)
  breaker.failed()
  breaker.failed()
  breaker.succeeded()
  breaker.failed()
  breaker.failed()
  expect(breaker.allows()).toBe(true)
  breaker.failed()
  expect(breaker.allows()).toBe(false)
  nowMs = 1000
  expect([breaker.allows(), breaker.allows()]).toEqual([true, false])
  breaker.failed()
  nowMs = 1999
  expect(breaker.allows()).toBe(false)
  nowMs = 2000
  expect(breaker.allows()).toBe(true)
  breaker.succeeded()
  expect([breaker.allows(), breaker.allows()]).toEqual([true, true])
})
