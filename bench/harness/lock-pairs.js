import { bareLock, checkExclusion, libraries } from './lock-libraries.js'

const batching = { enableAutoPipelining: true }
const { sluice, ...peers } = libraries

/** Every library and what is below them; `width` says how they are driven: one after the other, or many at a time. */
export function pairs(width) {
  const contender = (connect) => {
    const acquire = connect()
    const pair = async (name) => (await acquire(name))()
    return { run: width(pair), check: () => checkExclusion(connect) }
  }
  const all = { 'SET NX PX, EVALSHA': bareLock, ...peers }
  const entries = Object.entries(all)
  return {
    sluice: async () => contender(sluice),
    ...Object.fromEntries(entries.map(([name, connect]) => [name, async () => contender(connect)])),
    /** The same with auto-pipelining: what goes out in one turn of the event loop goes in one write. */
    batched: () =>
      Object.fromEntries(
        entries.map(([name, connect]) => [
          `${name}, auto-p.`,
          async () => contender(() => connect(batching)),
        ]),
      ),
  }
}
