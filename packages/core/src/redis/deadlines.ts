import { timerMs } from '../timer-ms.ts'

/**
 * Deadlines for many calls at the price of one timer: calls of one length expire in the order in which they came, so a
 * queue a length and a timer for its head are enough.
 *
 * A deadline is about the server. The time for which this process was too busy to read replies does not count, up to a
 * second: otherwise a burst of requests, the very thing that a limiter is for, would look like a dead server.
 */
export interface Deadlines {
  /** The promise, or a rejection with `onExpired()` when it is not settled within `ms`. */
  race<Value>(promise: Promise<Value>, ms: number, onExpired: () => Error): Promise<Value>
}

/** Makes an empty set of deadlines. */
export function createDeadlines(): Deadlines {
  const queues = new Map<number, Queue>()
  return {
    race(promise, ms, onExpired) {
      let queue = queues.get(ms)
      if (queue === undefined) queues.set(ms, (queue = createQueue(ms)))
      return queue.race(promise, onExpired)
    },
  }
}

interface Queue {
  race<Value>(promise: Promise<Value>, onExpired: () => Error): Promise<Value>
}

/** A timer this much late tells of a busy loop. */
const lateMs = 10
/** What a busy loop leaves at the least, for what it had no time to read. */
const graceMs = 20
/** How far a busy loop may move a deadline. */
const longestStretchMs = 1000

interface Call {
  dueAtMs: number
  /** No busy loop moves it past this. */
  readonly lastAtMs: number
  /** Absent once it has settled: a call that waits for its place to come must not hold its reply in memory. */
  expire: (() => void) | undefined
}

function createQueue(ms: number): Queue {
  const calls = createCallList()
  let timer: NodeJS.Timeout | undefined

  const arm = (): void => {
    const next = calls.first()
    if (next === undefined || timer !== undefined) return
    const { dueAtMs } = next
    const waitMs = timerMs(Math.max(1, dueAtMs - performance.now()))
    timer = setTimeout(() => expireDue(dueAtMs), waitMs).unref()
  }
  /** Timers run before sockets are read, so it is decided after a read: replies that are already here get in first. */
  const expireDue = (wantedAtMs: number): void => {
    setImmediate(() => {
      timer = undefined
      const nowMs = performance.now()
      if (nowMs - wantedAtMs > lateMs) calls.stretch(nowMs - wantedAtMs, nowMs + graceMs)
      calls.expireDue(nowMs)
      arm()
    })
  }

  return {
    race: (promise, onExpired) =>
      new Promise((resolve, reject) => {
        const dueAtMs = performance.now() + ms
        const call: Call = {
          dueAtMs,
          lastAtMs: dueAtMs + longestStretchMs,
          expire: () => reject(onExpired()),
        }
        calls.add(call)
        arm()
        promise.then(
          (value) => {
            calls.settle(call)
            resolve(value)
          },
          (error: Error) => {
            calls.settle(call)
            reject(error)
          },
        )
      }),
  }
}

/** Calls in the order in which they are due. Those that have settled are forgotten as soon as they lead the list. */
interface CallList {
  add(call: Call): void
  settle(call: Call): void
  first(): Call | undefined
  /** Moves all that is pending, to a moment at the earliest, none past its last one: the order stays. */
  stretch(byMs: number, earliestMs: number): void
  expireDue(nowMs: number): void
}

function createCallList(): CallList {
  let calls: Call[] = []
  let head = 0

  const dropSettled = (): void => {
    while (head < calls.length && calls[head]?.expire === undefined) head++
    // The array is cut once the settled part outweighs the rest: amortised, one copy a call.
    if (head > 64 && head * 2 > calls.length) {
      calls = calls.slice(head)
      head = 0
    }
  }
  return {
    add: (call) => void calls.push(call),
    settle(call) {
      call.expire = undefined
      dropSettled()
    },
    first: () => calls[head],
    stretch(byMs, earliestMs) {
      for (let at = head; at < calls.length; at++) {
        const call = calls[at]
        if (call === undefined) continue
        call.dueAtMs = Math.min(Math.max(call.dueAtMs + byMs, earliestMs), call.lastAtMs)
      }
    },
    expireDue(nowMs) {
      for (let at = head; at < calls.length; at++) {
        const call = calls[at]
        if (call === undefined || call.dueAtMs > nowMs) break
        call.expire?.()
        call.expire = undefined
      }
      dropSettled()
    },
  }
}
