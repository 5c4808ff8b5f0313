import { besideEach } from '../harness/budgets.js'
import { startRedis } from '../harness/redis.js'
import { areas } from '../harness/scale-areas.js'
import { perOperationNs } from '../harness/timing.js'

export const title = 'An operation on one of so many keys, 64 at a time'
export const unit = 'ns an operation'
export const floor = '1 key'
export const columns = Object.fromEntries(Object.keys(areas).map((name) => [name, 'ns']))
export const note =
  'Each in a Redis of its own, which holds so many such keys, asked for in an order that no cache of the processor foresees: what INCR pays for that, all pay. The budget calls a decision flat that costs a third more at most.'
export const budgets = besideEach('1 000 000 keys', ['1 key'], {
  atLeast: 0.75,
  column: 'decision',
})

/** Every operation finds the state that was there before, or throws. */
export async function measure({ count }) {
  const ns = {}
  for (const [name, fill] of Object.entries(areas)) {
    // Sixty-four that want the one lock wait for each other: that is another measure.
    if (name === 'lock pair' && count === 1) continue
    const redis = await startRedis()
    const operation = await fill(count, redis.url)
    await operation(count - 1)
    ns[name] = await perOperationNs(parallelOver(count, operation), 640)
    redis.stop()
  }
  return { columns: ns }
}

function parallelOver(count, operation) {
  let next = 0
  return async (n) => {
    for (let at = 0; at < n; at += 64) {
      await Promise.all(Array.from({ length: 64 }, () => operation((next++ * 611_953) % count)))
    }
  }
}

export const contenders = {
  '1 key': async () => ({ count: 1 }),
  '1 000 keys': async () => ({ count: 1000 }),
  '1 000 000 keys': async () => ({ count: 1_000_000 }),
}
