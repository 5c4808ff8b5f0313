import { setImmediate as nextTurn } from 'node:timers/promises'
import { OperationError, SluiceError, StoreFullError, StoreUnavailableError } from '../errors.ts'
import { globMatcher } from '../glob.ts'
import { isStateKey } from '../key.ts'
import type { MemoryView, Operation } from '../operation.ts'
import type { Payload } from '../payload.ts'
import type { ScanBatch, Store, StoreGet, StoreSetOptions } from '../store.ts'
import type { Entries, Entry } from './entries.ts'
import { createMemoryView } from './memory-view.ts'

const scanBatch = 512

type Verbs = Pick<Store, 'get' | 'set' | 'getMany' | 'setMany' | 'delete' | 'scan' | 'run'>

/** What the verbs of a memory store work on. */
export interface MemoryParts {
  readonly entries: Entries
  readonly maxState: number
  /** As `MemoryView.publish`. */
  publish(channel: string, message: string): void
  /** Every call starts by it: it refuses after close and reads the clock. */
  begin(): number
}

/** What a memory store does with its entries. */
export function memoryVerbs(parts: MemoryParts): Verbs {
  const { entries, maxState, begin } = parts
  return {
    get: createGet(entries, begin),
    async set(key, payload, setOptions = {}) {
      const nowMs = begin()
      checkRoom(entries, maxState, [key], nowMs)
      return write(entries, key, payload, nowMs, setOptions)
    },
    async getMany(keys) {
      const nowMs = begin()
      return keys.map((key) => payloadIn(entries.live(key, nowMs)))
    },
    async setMany(pairs, ttlMs) {
      const nowMs = begin()
      checkRoom(
        entries,
        maxState,
        pairs.map(([key]) => key),
        nowMs,
      )
      const options = ttlMs === undefined ? {} : { ttlMs }
      for (const [key, payload] of pairs) write(entries, key, payload, nowMs, options)
    },
    async delete(keys) {
      const nowMs = begin()
      return keys.filter((key) => removeLive(entries, key, nowMs)).length
    },
    scan: (match) => scanEntries(entries, begin, match),
    async run(operation, args, { replicas } = {}) {
      const nowMs = begin()
      if (replicas !== undefined) throw noReplicas(operation.name)
      const keys = operation.keys(args)
      if (!operation.readOnly) checkRoom(entries, maxState, keys, nowMs)
      return runOperation(operation, args, keys, createMemoryView(entries, nowMs, parts.publish))
    },
  }
}

/** Hits are answered at once. The clock, which costs as much as all the rest, is read only for what expires. */
function createGet(entries: Entries, begin: () => number): StoreGet {
  const get = async (key: string): Promise<Payload | undefined> =>
    payloadIn(entries.live(key, begin()))
  const now = (key: string): Payload | undefined => {
    const entry = entries.find(key)
    if (entry?.kind !== 'text') return undefined
    const { expiresAtMs } = entry
    return expiresAtMs === Number.POSITIVE_INFINITY || expiresAtMs > begin()
      ? entry.payload
      : undefined
  }
  return Object.assign(get, { now })
}

/** @param begin refuses after close and reads the clock */
async function* scanEntries(
  entries: Entries,
  begin: () => number,
  match: string,
): AsyncGenerator<ScanBatch> {
  const nowMs = begin()
  const matches = globMatcher(match)
  const all = [...entries.keys()]
  for (let at = 0; at < all.length; at += scanBatch) {
    const batch = all.slice(at, at + scanBatch)
    const keys = batch.filter((key) => matches(key) && entries.live(key, nowMs) !== undefined)
    yield { keys, scanned: batch.length }
    // A scan of a large store lets others in between its batches.
    await nextTurn()
  }
}

/**
 * Before anything is written, as Redis refuses a script when it is out of memory: nothing is half done. What is known by one
 * of its keys goes on: its companions may take the store past the bound.
 */
function checkRoom(
  entries: Entries,
  maxState: number,
  keys: readonly string[],
  nowMs: number,
): void {
  if (entries.stateCount() < maxState) return
  const stateKeys = keys.filter(isStateKey)
  if (stateKeys.length === 0) return
  if (stateKeys.some((key) => entries.live(key, nowMs) !== undefined)) return
  entries.sweep(nowMs, Number.POSITIVE_INFINITY)
  if (entries.stateCount() >= maxState) throw new StoreFullError(maxState)
}

function removeLive(entries: Entries, key: string, nowMs: number): boolean {
  const live = entries.live(key, nowMs) !== undefined
  if (live) entries.remove(key)
  return live
}

function payloadIn(entry: Entry | undefined): Payload | undefined {
  return entry?.kind === 'text' ? entry.payload : undefined
}

function write(
  entries: Entries,
  key: string,
  payload: Payload,
  nowMs: number,
  { ttlMs, when }: StoreSetOptions,
): boolean {
  if (when !== undefined && (entries.live(key, nowMs) !== undefined) !== (when === 'present'))
    return false
  const expiresAtMs = ttlMs === undefined ? Number.POSITIVE_INFINITY : nowMs + ttlMs
  entries.put(key, { kind: 'text', payload, expiresAtMs })
  return true
}

function noReplicas(what: string): StoreUnavailableError {
  return new StoreUnavailableError(
    'not-replicated',
    `${what}: not applied, because a memory store has no replicas. Use redisStore(), or ask for none.`,
    { mayHaveApplied: false },
  )
}

function runOperation<Args, Result>(
  operation: Operation<Args, Result>,
  args: Args,
  keys: readonly string[],
  view: MemoryView,
): Result {
  try {
    return operation.reply(operation.memory(view, keys, operation.argv(args)))
  } catch (error) {
    if (error instanceof SluiceError) throw error
    throw new OperationError(
      operation.name,
      error instanceof Error ? error.message : String(error),
      error,
    )
  }
}
