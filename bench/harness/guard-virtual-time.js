// The clock and the timers of this process, moved by hand: hours pass in seconds.

const { setImmediate } = globalThis

/** Takes over `Date`, `performance.now`, `setTimeout` and `setInterval`, for good. */
export function takeOverTime() {
  const originMs = Date.now()
  const timers = new Map()
  let nowMs = originMs
  let count = 0

  const arm = (call, delayMs, repeats) => {
    const number = ++count
    const ms = Math.max(1, Number(delayMs) || 1)
    const timer = {
      dueMs: nowMs + ms,
      fire() {
        if (repeats) timer.dueMs += ms
        else timers.delete(number)
        call()
      },
    }
    timers.set(number, timer)
    const handle = {
      [Symbol.toPrimitive]: () => number,
      ref: () => handle,
      unref: () => handle,
      hasRef: () => true,
      refresh() {
        timer.dueMs = nowMs + ms
        timers.set(number, timer)
        return handle
      },
    }
    return handle
  }
  const disarm = (handle) => void (handle != null && timers.delete(Number(handle)))
  const next = () => {
    let first
    for (const timer of timers.values()) {
      if (first === undefined || timer.dueMs < first.dueMs) first = timer
    }
    return first
  }

  globalThis.Date = class extends Date {
    constructor(...given) {
      super(...(given.length === 0 ? [nowMs] : given))
    }

    static now() {
      return nowMs
    }
  }
  performance.now = () => nowMs - originMs
  globalThis.setTimeout = (call, delayMs, ...args) => arm(() => call(...args), delayMs, false)
  globalThis.setInterval = (call, delayMs, ...args) => arm(() => call(...args), delayMs, true)
  globalThis.clearTimeout = disarm
  globalThis.clearInterval = disarm

  return {
    now: () => nowMs,
    settled,
    /** Passes every timer on the way, in order, and lets what waits for it go on. */
    async advanceTo(untilMs) {
      for (let timer = next(); timer !== undefined && timer.dueMs <= untilMs; timer = next()) {
        nowMs = Math.max(nowMs, timer.dueMs)
        timer.fire()
        await settled()
      }
      nowMs = Math.max(nowMs, untilMs)
    },
  }
}

/** Lets everything go on that waits for nothing but its turn. */
function settled() {
  return new Promise((resolve) => setImmediate(resolve))
}
