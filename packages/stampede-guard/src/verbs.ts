import type { Crowd, Found } from './calls.ts'
import { isEntry } from './entry.ts'
import { GuardClosedError } from './errors.ts'
import { createFinder, type Finder } from './finder.ts'
import { createFleetKeeper } from './fleet-keeper.ts'
import { flightsOf, type Flights } from './flights.ts'
import type { CallOptions, Guard, Peek } from './guard.ts'
import { createLocalKeeper } from './keepers.ts'
import type { Ask, Loader } from './loader.ts'
import type { ManyResult } from './many.ts'
import { createMessages, type Messages } from './messages.ts'
import type { GuardConfig } from './options.ts'
import type { Policy } from './policy.ts'
import { createReader, type Reader, type Reading } from './reading.ts'
import { createLoadRunner, type LoadRunner } from './runner.ts'
import { createTags, type InvalidateMode, type Tags } from './tags.ts'
import { createQuickRead } from './quick-read.ts'
import { createTasks, type Tasks } from './tasks.ts'
import { fieldsOf, traceDelete, traceGet, traceSet } from './tracing.ts'
import { createWaits } from './waits.ts'
import { callPolicy, checkLoader, type Wish } from './wish.ts'

/** What a guard does, once its arguments are checked. */
export interface Verbs extends Pick<Guard, 'delete' | 'clear' | 'peek'> {
  /** @param own the policy, where it was made of options before */
  get(
    key: string,
    load: Loader<unknown>,
    given: CallOptions | undefined,
    own?: Policy,
  ): Promise<unknown>
  getMany(keys: readonly string[], wish: Omit<Wish, 'key'>): Promise<ManyResult<unknown>>
  refresh(wish: Wish): Promise<unknown>
  set(key: string, value: unknown, policy: Policy): Promise<void>
  invalidateTags(tags: readonly string[], mode: InvalidateMode): Promise<void>
  close(withinMs: number): Promise<void>
}

interface Parts {
  readonly config: GuardConfig
  readonly flights: Flights
  readonly messages: readonly Messages[]
  readonly tags: Tags
  readonly runner: LoadRunner
  readonly tasks: Tasks
  readonly reader: Reader
  readonly finder: Finder
  /** Begins the ids of this view's flights, and of no other's. */
  readonly scope: string
}

function assemble(config: GuardConfig): Parts {
  const { cache, random } = config
  const flights = flightsOf(cache.store)
  const [ofLoads, ofTags] = [createMessages(cache, 'loads'), createMessages(cache, 'tags')]
  const tags = createTags(config, ofTags)
  const waits = createWaits(ofLoads, random)
  const keeper = cache.store.shared ? createFleetKeeper(config, ofLoads) : createLocalKeeper(config)
  const runner = createLoadRunner({ config, flights, keeper, tags, waits })
  const tasks = createTasks()
  const reader = createReader(cache)
  const finder = createFinder({ config, flights, runner, tags, tasks, reader })
  const view = cache.stateKey('guard', 'view')
  // The length keeps the parts of an id apart.
  const scope = `${view.length}:${view}`
  const messages = [ofLoads, ofTags]
  return { config, flights, messages, tags, runner, tasks, reader, finder, scope }
}

/** Makes the working half of a guard. */
export function createVerbs(config: GuardConfig): Verbs {
  const parts = assemble(config)
  const { flights, finder, runner, tags, tasks, messages, scope } = parts
  const { cache } = config
  const check = (): void => {
    if (!tasks.open) throw new GuardClosedError()
  }
  const share = (
    wish: Wish,
    find: (ask: Ask, crowd: Crowd) => Promise<Found>,
  ): Promise<unknown> => {
    check()
    const { key, load, policy, signal } = wish
    const ask = { id: scope + key, key, load, policy }
    return flights.share(ask.id, (crowd) => find(ask, crowd), signal)
  }
  return {
    get: traceGet.wrap(
      createGet(parts, (wish) => share(wish, finder.find)),
      fieldsOf,
      () => undefined,
    ),
    async getMany(keys, wish) {
      check()
      return findMany(parts, keys, (key, reading) =>
        share({ key, ...wish }, (ask, crowd) => finder.find(ask, crowd, reading)),
      )
    },
    refresh: async (wish) => share(wish, finder.refresh),
    delete: traceDelete.wrap(
      async (key: string) => {
        check()
        return flights.overtake(scope + key, () => cache.delete(key))
      },
      fieldsOf,
      (deleted) => deleted,
    ),
    set: traceSet.wrap(
      async (key: string, value: unknown, policy: Policy) => {
        check()
        await flights.overtake(scope + key, () => runner.write(key, value, policy))
      },
      fieldsOf,
      () => undefined,
    ),
    async invalidateTags(names, mode) {
      check()
      await flights.invalidate(scope, names, () => tags.invalidate(names, mode))
    },
    async clear() {
      check()
      return flights.overtakeAll(scope, () => cache.clear())
    },
    peek: async (key) => peekOf(parts, key),
    async close(withinMs) {
      await tasks.drain(withinMs)
      for (const each of messages) each.close()
    },
  }
}

/** A hit of a store in this process is read directly; all else is left to a shared call. */
function createGet(
  { config, tasks }: Parts,
  share: (wish: Wish) => Promise<unknown>,
): Verbs['get'] {
  const quick = createQuickRead(config)
  return async (key, load, given, own = config.policy) => {
    checkLoader(load, 'load')
    const policy = callPolicy('get', own, given)
    const found = tasks.open ? quick(key, policy) : undefined
    if (found !== undefined) return found.value
    return share({ key, load, policy, signal: given?.signal })
  }
}

/** Every key is asked for in the step in which all are read: each has its own call, and they share the reading. */
async function findMany(
  { reader }: Parts,
  keys: readonly string[],
  find: (key: string, reading: Promise<Reading>) => Promise<unknown>,
): Promise<ManyResult<unknown>> {
  const reading = reader.readMany(keys)
  const values = new Map<string, unknown>()
  const errors = new Map<string, unknown>()
  const finding = keys.map(async (key) => {
    try {
      const value = await find(
        key,
        reading.then((found) => (found === 'failed' ? found : found.get(key))),
      )
      return { key, value }
    } catch (error) {
      return { key, error }
    }
  })
  for (const outcome of await Promise.all(finding)) {
    if ('error' in outcome) errors.set(outcome.key, outcome.error)
    else if (outcome.value !== undefined) values.set(outcome.key, outcome.value)
  }
  return { values, errors }
}

async function peekOf<Value>(
  { config: { cache, clock }, tags, tasks }: Parts,
  key: string,
): Promise<Peek<Value>> {
  if (!tasks.open) throw new GuardClosedError()
  const found = await cache.get(key)
  if (!isEntry(found)) return { hit: false }
  const nowMs = clock.now()
  const { value, writtenAtMs, expiresAtMs } = found
  const state = found.tags === undefined ? 'current' : await tags.stateOf(found.tags)
  if (state === 'hard') return { hit: false }
  const ageMs = Math.max(0, nowMs - writtenAtMs)
  const stale = nowMs >= expiresAtMs || state === 'stale'
  return { hit: true, value: value as Value, stale, ageMs }
}
