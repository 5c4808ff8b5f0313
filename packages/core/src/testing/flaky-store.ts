import { StoreUnavailableError } from '../errors.ts'
import type { Store } from '../store.ts'
import type { ManualFaults } from './manual-faults.ts'

/** One call, as faults and messages name it. */
interface Call {
  readonly verb: string
  /** The name of the operation that `run` was given. */
  readonly operation?: string
  /** Of a verb on many keys. */
  readonly keys?: readonly string[]
  readonly deadlineMs?: number | undefined
}

/**
 * A store that is slow, away, or loses replies when a test says so, around any store. Without faults it is the store
 * below. A call that is late misses its deadline if it names one, as on a real network: it is applied all the same when
 * it arrives. `usage`, `subscribe` and `close` meet no fault.
 *
 * @example
 * const faults = manualFaults()
 * const cache = createCache({ store: flakyStore(memoryStore(), faults) })
 * faults.loseReply({ on: 'set' })
 * await assert.rejects(cache.set('user:1', 'Ada'), { reason: 'timeout' })
 * assert.equal(await cache.get('user:1'), 'Ada')
 */
export function flakyStore(store: Store, faults: ManualFaults): Store {
  async function meet<Value>(call: Call, ask: () => Promise<Value>): Promise<Value> {
    const fault = faults.next(call.verb, call.operation)
    if (fault === undefined) return ask()
    if (fault.kind === 'late') return withinDeadline(call, fault.arrive().then(ask))
    if (fault.kind === 'fail') throw unavailable(fault.reason, 'the store was not asked', call)
    await ask()
    throw unavailable('timeout', 'the reply was lost', call)
  }
  const close = (): Promise<void> => store.close()

  return {
    ...store,
    get: (key) => meet({ verb: 'get' }, () => store.get(key)),
    set: (key, payload, options) => meet({ verb: 'set' }, () => store.set(key, payload, options)),
    getMany: (keys) => meet({ verb: 'getMany', keys }, () => store.getMany(keys)),
    setMany: (entries, ttlMs) =>
      meet({ verb: 'setMany', keys: entries.map(([key]) => key) }, () =>
        store.setMany(entries, ttlMs),
      ),
    delete: (keys) => meet({ verb: 'delete', keys }, () => store.delete(keys)),
    async *scan(match) {
      await meet({ verb: 'scan' }, async () => undefined)
      yield* store.scan(match)
    },
    run: (operation, args, options) =>
      meet({ verb: 'run', operation: operation.name, deadlineMs: options?.deadlineMs }, () =>
        store.run(operation, args, options),
      ),
    ping: () => meet({ verb: 'ping' }, () => store.ping()),
    subscribe: (channel, listener) => store.subscribe(channel, listener),
    usage: (base) => store.usage(base),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function unavailable(
  reason: StoreUnavailableError['reason'],
  what: string,
  { verb, operation = verb, keys }: Call,
): StoreUnavailableError {
  return new StoreUnavailableError(reason, `${operation}: ${what}, on purpose.`, { keys })
}

/** The answer, or a timeout; what is late is still applied. */
function withinDeadline<Value>(call: Call, answer: Promise<Value>): Promise<Value> {
  const { deadlineMs } = call
  if (deadlineMs === undefined) return answer
  return new Promise((resolve, reject) => {
    const expire = (): void => reject(unavailable('timeout', 'the call is late', call))
    const timer = setTimeout(expire, deadlineMs)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
