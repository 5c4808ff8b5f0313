import type { Cache, CounterOptions, SwapOptions } from '../cache.ts'
import { CounterError, OptionError } from '../errors.ts'
import { add, swap } from '../operations/entry.ts'
import type { Payload } from '../payload.ts'
import { show } from '../show.ts'
import type { Store } from '../store.ts'
import { finite, keyMaker, ttlOf, type View } from './view.ts'

type AtomicVerbs = Pick<Cache, 'increment' | 'decrement' | 'compareAndSwap' | 'update'>

/** Changes that lose no parallel change. */
export function atomicVerbs(view: View): AtomicVerbs {
  const { store, updater, values, counters } = view
  const entryKey = keyMaker(view)
  const count = (key: string, by: number, { ttl }: CounterOptions): Promise<number> =>
    addTo(store, entryKey(key), by, finite(ttlOf(view, ttl)))
  const swapTtl = ({ ttl }: SwapOptions): number => finite(ttlOf(view, ttl))
  return {
    increment: async (key, by = 1, options = {}) => count(key, by, options),
    decrement: async (key, by = 1, options = {}) => count(key, -by, options),
    compareAndSwap: async (key, expected, next, options = {}) =>
      store.run(swap, {
        key: entryKey(key),
        expected: values.encodeIfAny(expected),
        next: values.encodeIfAny(next),
        ttlMs: swapTtl(options),
      }),
    async update<Value>(
      key: string,
      change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
      options: SwapOptions = {},
    ) {
      const entry = entryKey(key)
      const read = (payload: Payload | undefined): Value | undefined => {
        const value = payload === undefined ? undefined : values.decode<Value>(entry, payload)
        if (payload !== undefined && value === undefined) counters?.add('unreadable', 1)
        return value
      }
      const changePayload = async (payload: Payload | undefined): Promise<Payload | undefined> =>
        values.encodeIfAny(await change(read(payload)))
      return read(await updater.update(entry, changePayload, swapTtl(options)))
    },
  }
}

async function addTo(store: Store, key: string, by: number, ttl: number): Promise<number> {
  if (!Number.isSafeInteger(by)) {
    throw new OptionError(`Expected "by" to be a whole number within ±(2^53 - 1); got ${show(by)}.`)
  }
  // -0 would be written as the text "-0", which is no integer.
  const sum = await store.run(add, { key, by: by === 0 ? 0 : by, ttlMs: ttl })
  if (sum.ok) return sum.count
  throw new CounterError(
    sum.why === 'overflow'
      ? `Adding ${by} would take the counter past the safe integers. Nothing was changed.`
      : 'The entry is not a counter: expected an integer. Nothing was changed.',
  )
}
