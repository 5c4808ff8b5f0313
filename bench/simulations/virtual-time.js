import { takeOverTime } from '../harness/guard-virtual-time.js'

/** Does some work on clocks and timers that it moves by hand, and gives this process its own back. */
export async function inVirtualTime(work) {
  const { Date, setTimeout, setInterval, clearTimeout, clearInterval } = globalThis
  const { now } = performance
  try {
    return await work(takeOverTime())
  } finally {
    Object.assign(globalThis, { Date, setTimeout, setInterval, clearTimeout, clearInterval })
    performance.now = now
  }
}
