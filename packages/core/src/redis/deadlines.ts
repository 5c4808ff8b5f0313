/**
 * Deadlines for many calls at the price of one timer: calls of one length expire in the order in which they came, so a
 * queue a length and a timer for its head are enough.
 */
export interface Deadlines {
  /** The promise, or a rejection with `onExpired()` when it is not settled within `ms`. */
  race<Value>(promise: Promise<Value>, ms: number, onExpired: () => Error): Promise<Value>
  /** Ends the timers. What is pending settles with its promise. */
  stop(): void
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
    stop() {
      for (const queue of queues.values()) queue.stop()
    },
  }
}

type Queue = Pick<Deadlines, 'stop'> & {
  race<Value>(promise: Promise<Value>, onExpired: () => Error): Promise<Value>
}

interface Call {
  readonly dueAtMs: number
  settled: boolean
  expire(): void
}

function createQueue(ms: number): Queue {
  const calls = createCallList()
  let timer: NodeJS.Timeout | undefined

  const arm = (): void => {
    const next = calls.first()
    if (next === undefined || timer !== undefined) return
    timer = setTimeout(expireDue, Math.max(1, next.dueAtMs - performance.now())).unref()
  }
  /** A loop that was blocked runs timers before it reads sockets: replies that are already here get in first. */
  const expireDue = (): void => {
    setImmediate(() => {
      timer = undefined
      calls.expireDue(performance.now())
      arm()
    })
  }

  return {
    race: (promise, onExpired) =>
      new Promise((resolve, reject) => {
        const call: Call = {
          dueAtMs: performance.now() + ms,
          settled: false,
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
    stop() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}

/** Calls in the order in which they are due. Those that have settled are forgotten as soon as they lead the list. */
interface CallList {
  add(call: Call): void
  settle(call: Call): void
  first(): Call | undefined
  expireDue(nowMs: number): void
}

function createCallList(): CallList {
  let calls: Call[] = []
  let head = 0

  const dropSettled = (): void => {
    while (calls[head]?.settled) head++
    // The array is cut once the settled part outweighs the rest: amortised, one copy a call.
    if (head > 64 && head * 2 > calls.length) {
      calls = calls.slice(head)
      head = 0
    }
  }
  return {
    add: (call) => void calls.push(call),
    settle(call) {
      call.settled = true
      dropSettled()
    },
    first: () => calls[head],
    expireDue(nowMs) {
      for (let at = head; at < calls.length; at++) {
        const call = calls[at]
        if (call === undefined || call.dueAtMs > nowMs) break
        if (!call.settled) call.expire()
        call.settled = true
      }
      dropSettled()
    },
  }
}
