import { randomBytes } from 'node:crypto'
import { StoreUnavailableError, type Cache, type Duration } from '@sluice/core'
import { checkOptions, durationOption, failureReporter, wrongOption } from '@sluice/core/extend'
import { isStoreFailure } from '../errors.ts'
import { createHeldSlots } from './held-slots.ts'
import { enter } from '../operations/enter.ts'
import { inFlight } from '../operations/in-flight.ts'
import { parseSettings, type OnStoreError } from '../options.ts'
import { checkLimiterName } from '../policy.ts'

/** Options of `createConcurrencyLimiter`. */
export interface ConcurrencyOptions {
  /** Where slots are kept. Default: the memory of this process. */
  readonly cache?: Cache | undefined
  /**
   * Keeps this limiter's slots apart from those of others on the same cache: a letter, then up to 63 letters, digits,
   * '.', '_' or '-'. Default: none, and limiters with equal `maxConcurrent` and `lease` share their slots.
   */
  readonly name?: string | undefined
  /** How many may be in at once, of each key: a whole number of at least 1. */
  readonly maxConcurrent: number
  /**
   * How long the slots of a process that died stay taken: from `'1s'` to `'1d'`. Slots that are held are renewed three times
   * in it, however long they are held. Limiters with another lease count apart. Default 30 s.
   */
  readonly lease?: Duration | undefined
  /**
   * When the store fails or misses the deadline: `'local'` lets `maxConcurrent` in by the count of this process alone,
   * `'open'` everybody, `'closed'` rejects with the store's error, which the middleware answers with 503. Default `'local'`.
   * What entered meanwhile is counted by the store as soon as it is back, and may then be above `maxConcurrent`.
   */
  readonly onStoreError?: OnStoreError | undefined
  /** How long the store may take to decide. Default 100 ms. */
  readonly deadline?: Duration | undefined
}

/** A place among those that may be in at once. It is kept until it is released, or this process ends. */
export interface Slot extends AsyncDisposable {
  /**
   * Gives the slot back. Again it does nothing. Never rejects: what a store that is away could not be told, it is told
   * when it answers again, or learns when the lease ends.
   */
  release(): Promise<void>
}

/** How full a key is. */
export interface InFlight {
  /** Slots that are taken, in all processes. */
  readonly inFlight: number
  /** How many may be in at once. */
  readonly maxConcurrent: number
}

/** Lets only so many in at once, of each key. Every method rejects with `KeyError` for a key that is not 1 to 1024 bytes of text. */
export interface ConcurrencyLimiter {
  /**
   * A slot, or `undefined` when all are taken: one atomic step and one round trip.
   *
   * @throws StoreUnavailableError only with `onStoreError: 'closed'`
   */
  enter(key: string): Promise<Slot | undefined>
  /** Looks, and takes nothing. @throws StoreUnavailableError when the store does not answer, by any policy */
  inspect(key: string): Promise<InFlight>
}

/** The names of all options of `createConcurrencyLimiter`. */
export const concurrencyOptionNames = [
  'cache',
  'name',
  'maxConcurrent',
  'lease',
  'onStoreError',
  'deadline',
] as const

const [shortestLeaseMs, longestLeaseMs] = [1000, 24 * 60 * 60 * 1000]

const report = failureReporter('rate-limiter')

/**
 * Makes a concurrency limiter. Nothing is connected before the first call. Limiters of one name, lease and cache share
 * their slots, in every process.
 *
 * @example
 * const exports = createConcurrencyLimiter({ cache, name: 'exports', maxConcurrent: 2 })
 * await using slot = await exports.enter(user.id)
 * if (slot === undefined) return 'Two of your exports are running already.'
 * @throws OptionError for an option that is unknown, missing or of the wrong kind
 */
export function createConcurrencyLimiter(options: ConcurrencyOptions): ConcurrencyLimiter {
  checkOptions('createConcurrencyLimiter', options, concurrencyOptionNames)
  const { cache, name, maxConcurrent, leaseMs, onStoreError, deadlineMs } = parse(options)
  const { store } = cache
  const slots = createHeldSlots(store, leaseMs)
  const nextId = createIds()
  const ending = `:${name ?? maxConcurrent}/${leaseMs}`
  const keyOf = (key: string): string => cache.stateKey('concurrent', key) + ending

  /** The id holds a slot when it is true. */
  async function admit(key: string, id: string): Promise<boolean> {
    try {
      const args = { key, id, leaseMs, most: maxConcurrent }
      const granted = await store.run(enter, args, { deadlineMs })
      slots.storeAnswered()
      if (granted) slots.hold(key, id)
      return granted
    } catch (error) {
      if (!isStoreFailure(error)) throw error
      report({ verb: 'enter', instead: onStoreError, error })
      const passes = passesWithoutStore(key)
      if (passes) slots.hold(key, id)
      else if (error instanceof StoreUnavailableError && error.mayHaveApplied) slots.owe(key, id)
      if (onStoreError === 'closed') throw error
      return passes
    }
  }
  const passesWithoutStore = (key: string): boolean =>
    onStoreError === 'local' ? slots.count(key) < maxConcurrent : onStoreError === 'open'

  return {
    async enter(key) {
      const [storeKey, id] = [keyOf(key), nextId()]
      if (!(await admit(storeKey, id))) return undefined
      let released: Promise<void> | undefined
      const release = (): Promise<void> => (released ??= slots.giveBack(storeKey, id))
      return { release, [Symbol.asyncDispose]: release }
    },
    async inspect(key) {
      return { inFlight: await store.run(inFlight, { key: keyOf(key) }), maxConcurrent }
    },
  }
}

function parse(options: ConcurrencyOptions) {
  const { cache, onStoreError, deadline } = options
  return {
    ...parseSettings({ cache, onStoreError, deadline }),
    name: options.name === undefined ? undefined : checkLimiterName(options.name),
    maxConcurrent: maxOption(options.maxConcurrent),
    leaseMs: leaseOption(options.lease),
  }
}

/** Ids that no other process or limiter has, short since the store keeps them. */
function createIds(): () => string {
  const own = randomBytes(9).toString('base64url')
  let count = 0
  return () => `${own}.${(count++).toString(36)}`
}

function maxOption(max: unknown): number {
  if (typeof max === 'number' && Number.isSafeInteger(max) && max >= 1) return max
  throw wrongOption('maxConcurrent', 'a whole number of at least 1', max)
}

function leaseOption(lease: unknown): number {
  const leaseMs = durationOption(lease, 'lease', '30s')
  if (leaseMs >= shortestLeaseMs && leaseMs <= longestLeaseMs) return leaseMs
  throw wrongOption('lease', "a duration from '1s' to '1d'", lease)
}
