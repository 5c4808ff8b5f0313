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
  let calls: Call[] = []
  let head = 0
  let timer: NodeJS.Timeout | undefined

  /** Everything before `head` is settled; the array is cut once that half outweighs the rest. */
  const dropSettled = (): void => {
    while (calls[head]?.settled) head++
    if (head > 64 && head * 2 > calls.length) {
      calls = calls.slice(head)
      head = 0
    }
  }
  const arm = (): void => {
    const next = calls[head]
    if (next === undefined || timer !== undefined) return
    timer = setTimeout(expireDue, Math.max(1, next.dueAtMs - performance.now())).unref()
  }
  /** A loop that was blocked runs timers before it reads sockets: replies that are already here get in first. */
  const expireDue = (): void => {
    setImmediate(() => {
      timer = undefined
      const nowMs = performance.now()
      for (let at = head; at < calls.length; at++) {
        const call = calls[at]
        if (call === undefined || call.dueAtMs > nowMs) break
        if (!call.settled) call.expire()
      }
      dropSettled()
      arm()
    })
  }

  return {
    race: (promise, onExpired) =>
      new Promise((resolve, reject) => {
        const settle = (): void => {
          call.settled = true
          dropSettled()
        }
        const call: Call = {
          dueAtMs: performance.now() + ms,
          settled: false,
          expire() {
            call.settled = true
            reject(onExpired())
          },
        }
        calls.push(call)
        arm()
        promise.then(
          (value) => {
            settle()
            resolve(value)
          },
          (error: Error) => {
            settle()
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
